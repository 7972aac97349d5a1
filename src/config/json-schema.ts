import { ISTIO_GROUP, KINDS, type KindInfo } from './kinds.ts';
import type { Field, MessageType } from './schema/field.ts';
import { toSnakeCase } from './spelling.ts';

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Go's syntax, such as `1h30m` or `0.5s`. */
const DURATION = { type: 'string', pattern: '^[-+]?(0|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)$', examples: ['500ms', '2s'] };
const TEXT = { type: 'string' };
const TEXT_MAP = { type: 'object', additionalProperties: TEXT };
const METADATA = {
  type: 'object',
  properties: { name: TEXT, namespace: TEXT, labels: TEXT_MAP, annotations: TEXT_MAP },
};

/** Where Istio's reference tells of a kind. */
const REFERENCE: Readonly<Record<string, string>> = {
  VirtualService: 'virtual-service',
  DestinationRule: 'destination-rule',
  ServiceEntry: 'service-entry',
  WorkloadEntry: 'workload-entry',
  Sidecar: 'sidecar',
  Gateway: 'gateway',
};

/**
 * The resources that ts-mesh reads, as a JSON Schema (draft 2020-12) for editors: names of fields, types, enums. What a
 * schema can't say (references, fields that exclude each other) is a matter of `ts-mesh validate`. Documents of other kinds fit too.
 */
export function resourceJsonSchema(): JsonSchema {
  const definitions = new Definitions();
  const kinds = KINDS.map((info) => ({
    if: { type: 'object', required: ['kind'], properties: { kind: { const: info.kind }, apiVersion: { type: 'string', pattern: groupPattern(info) } } },
    then: { $ref: definitions.ofKind(info) },
  }));
  const list = { if: { type: 'object', required: ['kind'], properties: { kind: { const: 'List' } } }, then: { type: 'object', properties: { items: { type: 'array', items: { $ref: '#' } } } } };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Resources that ts-mesh reads',
    type: ['object', 'null'],
    properties: {
      apiVersion: { anyOf: [{ enum: [...new Set(KINDS.flatMap(apiVersions))] }, TEXT] },
      kind: { anyOf: [{ enum: KINDS.map(({ kind }) => kind) }, TEXT] },
      metadata: METADATA,
    },
    allOf: [...kinds, list],
    $defs: definitions.all,
  };
}

function apiVersions({ group, versions }: KindInfo): string[] {
  return versions.map((version) => (group === '' ? version : `${group}/${version}`));
}

/** Kinds of the same name in other groups are others' business. */
function groupPattern({ group }: KindInfo): string {
  return group === '' ? '^[^/]*$' : `^${group.replaceAll('.', '\\.')}/`;
}

/** Messages by name, each once, however often they are used. */
class Definitions {
  readonly all: Record<string, JsonSchema> = {};
  readonly #names = new Map<string, MessageType>();
  readonly #references = new Map<MessageType, string>();

  /** @returns a `$ref` to the whole document */
  ofKind({ kind, group, body, schema }: KindInfo): string {
    const isProtobuf = group === ISTIO_GROUP;
    const reference = REFERENCE[kind];
    const about = reference === undefined ? {} : { description: `https://istio.io/latest/docs/reference/config/networking/${reference}/` };
    // The mesh's settings are text within the ConfigMap.
    const content = kind === 'ConfigMap' ? { type: 'object', properties: { data: TEXT_MAP } } : body === 'spec' ? { type: 'object', properties: { spec: { ...about, ...this.#field(schema, isProtobuf) } } } : this.#field(schema, isProtobuf);
    this.all[`${kind} resource`] = content;
    return `#/$defs/${encodeURIComponent(`${kind} resource`)}`;
  }

  #field(field: Field, isProtobuf: boolean): JsonSchema {
    switch (field.is) {
      case 'text':
        return TEXT;
      case 'bool':
        return { type: 'boolean' };
      case 'double':
        return isProtobuf ? { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^-?\\d+(\\.\\d+)?([eE][-+]?\\d+)?$' }] } : { type: 'number' };
      case 'integer': {
        const number = { type: 'integer', minimum: field.min, maximum: field.max };
        return isProtobuf ? { anyOf: [number, { type: 'string', pattern: '^-?\\d+$' }] } : number;
      }
      case 'integerOrText':
        return { type: ['integer', 'string'] };
      case 'duration':
        return DURATION;
      case 'enum':
        return isProtobuf ? { anyOf: [{ enum: field.names }, { type: 'integer' }] } : { enum: field.names };
      case 'list':
        return { type: ['array', 'null'], items: this.#field(field.of, isProtobuf) };
      case 'map':
        return { type: ['object', 'null'], additionalProperties: this.#field(field.of, isProtobuf) };
      case 'message':
        return { $ref: this.#message(field.type, isProtobuf) };
      case 'any':
        return {};
    }
  }

  #message(type: MessageType, isProtobuf: boolean): string {
    const known = this.#references.get(type);
    if (known !== undefined) return known;
    const name = this.#freeName(type);
    const reference = `#/$defs/${encodeURIComponent(name)}`;
    // Before its fields: it may contain itself.
    this.#references.set(type, reference);
    const properties: Record<string, JsonSchema> = {};
    for (const [field, of] of type.fields) {
      properties[field] = this.#field(of, isProtobuf);
      const original = toSnakeCase(field);
      if (isProtobuf && original !== field) properties[original] = { ...properties[field], deprecated: true, description: `the original name of ${field}` };
    }
    this.all[name] = { type: ['object', 'null'], properties, ...(type.open ? {} : { additionalProperties: false }) };
    return reference;
  }

  #freeName(type: MessageType): string {
    for (let n = 1; ; n++) {
      const name = n === 1 ? type.name : `${type.name} ${n}`;
      if (this.#names.has(name)) continue;
      this.#names.set(name, type);
      return name;
    }
  }
}
