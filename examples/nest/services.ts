import { Controller, Get, Headers, Param, ServiceUnavailableException } from '@nestjs/common';
import { MeshClient, type ServiceClient } from '../../src/adapters/nest.ts'; // from 'ts-mesh/nest' in your project

@Controller('products')
export class ShopController {
  @MeshClient('reviews:9080') private readonly reviews!: ServiceClient;

  @Get(':id')
  async show(@Param('id') id: string): Promise<object> {
    const reviews = await this.reviews.fetch(`/reviews/${id}`);
    return { product: id, reviews: reviews.ok ? await reviews.json() : 'not available' };
  }
}

@Controller('reviews')
export class OldReviewsController {
  @Get(':id')
  show(): object {
    return { version: 'v1' };
  }
}

@Controller('reviews')
export class NewReviewsController {
  @MeshClient('ratings:9080') private readonly ratings!: ServiceClient;

  @Get(':id')
  async show(@Param('id') id: string): Promise<object> {
    const ratings = await this.ratings.fetch(`/ratings/${id}`);
    return { version: 'v2', ...((await ratings.json()) as object) };
  }
}

@Controller('ratings')
export class RatingsController {
  #unlucky = true;

  @Get(':id')
  show(@Headers('end-user') user: string): object {
    if (user === 'jane' && this.#unlucky) {
      this.#unlucky = false;
      throw new ServiceUnavailableException();
    }
    return { stars: 5 };
  }
}
