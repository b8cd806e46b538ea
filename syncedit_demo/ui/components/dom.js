// What the components share.

/**
 * The element of a component's own markup that a selector names.
 *
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} kind The class that it has to have.
 * @returns {T}
 */
export function find(parent, selector, kind) {
  const found = parent.querySelector(selector);
  if (found instanceof kind) return found;
  throw new TypeError(`the markup has no ${kind.name} ${selector}`);
}
