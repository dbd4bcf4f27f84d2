// What somebody did to a field since the page brought it.

/**
 * Whether something else is chosen than the page had chosen. Where it marks no option, a list shows the first.
 * @param {{ selectedIndex: number, options: Iterable<{ defaultSelected: boolean }> }} select
 */
export function isChosenByHand(select) {
  const marked = [...select.options].findLastIndex((option) => option.defaultSelected);
  return select.selectedIndex !== Math.max(marked, 0);
}
