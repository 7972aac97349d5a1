/** The folders whose mutation score is kept, and the tests that count for each: those that call its code directly. */
export const FOLDERS = {
  route: ['test/route/**/*.test.ts'],
  cluster: ['test/cluster/**/*.test.ts'],
} as const satisfies Record<string, readonly string[]>;

/** A folder of `src` that is measured. */
export type Folder = keyof typeof FOLDERS;

/** Whether `name` is a measured folder. */
export function isFolder(name: string | undefined): name is Folder {
  return name !== undefined && Object.hasOwn(FOLDERS, name);
}

/** Least share of mutants, in percent, that the tests of a folder must notice. */
export const TOTAL_BAR = 85;

/** The same for each file. */
export const FILE_BAR = 75;
