import type { CallBook } from '../backend/call-book.ts';
import type { ConformanceCase } from '../case/case-file.ts';
import type { Document } from '../case/documents.ts';
import type { MeshUnderTest } from './outcome.ts';

/** What the steps of a case act on. */
export interface StepContext {
  readonly conformanceCase: ConformanceCase;
  readonly documents: readonly Document[];
  readonly mesh: MeshUnderTest;
  readonly book: CallBook;
  /** The mesh's own address, which recordings don't show. */
  readonly proxyIp: string;
}
