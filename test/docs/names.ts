/**
 * What snippets may use without saying where it comes from. A snippet that imports or declares one of these itself has its own.
 * What only one snippet needs stands before it in a comment: `<!-- with: import { Get } from '@nestjs/common'; -->`.
 */
export const NAMES = `
import type { Mesh as MeshOfSnippets } from 'ts-mesh';
import type { TestMesh as TestMeshOfSnippets } from 'ts-mesh/testing';

declare global {
  const mesh: MeshOfSnippets & TestMeshOfSnippets;
  const createMesh: typeof import('ts-mesh').createMesh;
  const configureMesh: typeof import('ts-mesh').configureMesh;
  const meshFetch: typeof import('ts-mesh').meshFetch;
  const meshInfo: typeof import('ts-mesh').meshInfo;
  const isMeshError: typeof import('ts-mesh').isMeshError;
  const log: Console;
}
`;
