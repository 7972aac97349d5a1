import type { Location } from '../../common/origin.ts';
import type { FindingCode, FindingLevel } from './codes.ts';

/** Something that an analysis of several resources has to tell. */
export interface Finding extends Location {
  readonly code: FindingCode;
  readonly level: FindingLevel;
  /** `VirtualService default/reviews`, `Namespace shop`; empty for a document that could not be parsed. */
  readonly resource: string;
  /** Of Istio's codes in Istio's words. */
  readonly message: string;
  /** Field path, such as `spec.http[0].route[0].destination.host`. */
  readonly path?: string;
  /** How to mend it. */
  readonly hint?: string;
  /** Further places that have a part in it. */
  readonly related?: readonly RelatedPlace[];
}

/** A place that a finding is about too. */
export interface RelatedPlace extends Location {
  /** Its part in the finding. */
  readonly message: string;
}
