// Which row comes next in a list of conversations or requests.

/**
 * The row that j and k go to: counted from the focused one, else from the open one, and never past the ends.
 * @param {{ count: number, focused: number, open: number }} rows positions; -1 for none
 * @param {number} by
 */
export function stepped({ count, focused, open }, by) {
  const from = focused >= 0 ? focused : open;
  return from < 0 ? 0 : Math.max(0, Math.min(count - 1, from + by));
}

/**
 * What opens when the open row leaves the list: the one after it, or before it where it is the last.
 * @template Row
 * @param {Row[]} rows
 * @param {number} open position; -1 for none
 * @returns {Row | undefined}
 */
export function successor(rows, open) {
  return open < 0 ? undefined : (rows[open + 1] ?? rows[open - 1]);
}
