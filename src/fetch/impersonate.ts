/**
 * Makes the instances of `own` instances of `native` too, without the native constructor ever running: `own` only
 * inherits. Members take over the enumerability of the native ones; native members that `own` lacks (a newer Node has
 * more than we know) are forwarded to the native object that `toNative` builds.
 */
export function impersonate<T extends object>(
  own: { prototype: T },
  native: { prototype: object },
  toNative: (instance: T) => object,
): void {
  const prototype = own.prototype;
  Object.setPrototypeOf(prototype, native.prototype);
  Object.defineProperty(prototype, 'constructor', { value: native, configurable: true, writable: true });
  for (const name of Object.getOwnPropertyNames(native.prototype)) {
    const theirs = Object.getOwnPropertyDescriptor(native.prototype, name)!;
    const ours = Object.getOwnPropertyDescriptor(prototype, name);
    if (ours !== undefined) {
      Object.defineProperty(prototype, name, { ...ours, enumerable: theirs.enumerable });
    } else if (typeof theirs.value === 'function') {
      const method = theirs.value as (...args: unknown[]) => unknown;
      const value = function (this: T, ...args: unknown[]): unknown {
        return method.apply(toNative(this), args);
      };
      Object.defineProperty(prototype, name, { ...theirs, value });
    } else if (theirs.get !== undefined) {
      const { get } = theirs;
      Object.defineProperty(prototype, name, { ...theirs, get: function (this: T): unknown {
        return get.call(toNative(this));
      } });
    }
  }
}
