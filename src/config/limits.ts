/** Longest configuration text that is read, in UTF-16 units: far above any real file, and a few seconds of parsing. */
export const MAX_TEXT_LENGTH = 16 * 1024 * 1024;

/** Deepest nesting of maps and lists. Istio's own resources need 12. */
export const MAX_DEPTH = 100;

/** How many values all aliases of one document may stand for together. */
export const MAX_ALIASED_NODES = 50_000;

/** How many documents one text may hold. */
export const MAX_DOCUMENTS = 100_000;

/** How many YAML syntax problems are reported of one document; those after the first few are echoes. */
export const MAX_SYNTAX_ISSUES = 3;

/** How many problems with keys, aliases and nesting are reported of one document. */
export const MAX_STRUCTURE_ISSUES = 20;

/** How many maps and lists one object handed in from code may hold. */
export const MAX_OBJECT_NODES = 1_000_000;
