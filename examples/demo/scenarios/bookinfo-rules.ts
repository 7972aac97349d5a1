/** What several scenarios of Bookinfo configure. */
export const SERVICES = { file: 'bookinfo/bookinfo.yaml', says: 'the Services and Deployments; reviews v1 to v3, ratings v1 and v2' };

export const SUBSETS = { file: 'seeds/bookinfo/destination-rule-all.yaml', says: 'a subset for each version of each service' };

/** What the page says when it gets no reviews. */
export const NO_REVIEWS = 'Sorry, product reviews are currently unavailable';
