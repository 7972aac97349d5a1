/** Longest configuration text that is read, in UTF-16 units: far above any real file, and a few seconds of parsing. */
export const MAX_TEXT_LENGTH = 16 * 1024 * 1024;

/**
 * How many tokens (words, marks, line breaks) one text may have. Real files have one for every five characters, and
 * 10,000 resources 900,000; a text of line breaks or brackets alone has far more, and each costs some hundred bytes.
 */
export const MAX_TOKENS = 3_000_000;

/** Deepest nesting of maps and lists. Istio's own resources need 12. */
export const MAX_DEPTH = 100;

/** How many values all aliases of one document may stand for together. */
export const MAX_ALIASED_NODES = 50_000;

/** How many values all aliases of one text may stand for together: a small text could hold many documents that use them up. */
export const MAX_ALIASED_NODES_IN_TEXT = 500_000;

/** How many documents one text may hold. */
export const MAX_DOCUMENTS = 100_000;

/** How many YAML syntax problems are reported of one document; those after the first few are echoes. */
export const MAX_SYNTAX_ISSUES = 3;

/** After how many YAML syntax problems of all its documents a text is read no further. */
export const MAX_SYNTAX_ISSUES_IN_TEXT = 1000;

/** How many problems with keys, aliases and nesting are reported of one document. */
export const MAX_STRUCTURE_ISSUES = 20;

/** How many maps and lists one object handed in from code may hold. */
export const MAX_OBJECT_NODES = 1_000_000;

/** What clusters, endpoints and routes of a snapshot may take, in bytes, roughly; 10,000 services of 50 endpoints take half of it. */
export const MAX_COMPILE_COST = 1024 * 1024 * 1024;

/** How many instructions all regular expressions of one text may compile to; 10,000 usual ones come to 300,000. */
export const MAX_REGEX_SIZE_IN_TEXT = 1_000_000;
