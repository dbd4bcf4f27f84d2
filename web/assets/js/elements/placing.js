// Where a list stands that lies over the page.

const GAP = 3;
const MIN_WIDTH = 240;
/** The list's greatest height (`.pick-list`) and a little room. */
const HEIGHT = 244;

/**
 * The list's place, in pixels of the window: below the field, or above it where there is more room.
 * @param {{ left: number, top: number, bottom: number, width: number }} field
 * @param {number} windowHeight
 */
export function placeList(field, windowHeight) {
  const below = windowHeight - field.bottom;
  const isAbove = below < HEIGHT && field.top > below;
  return {
    left: `${field.left}px`,
    width: `${Math.max(field.width, MIN_WIDTH)}px`,
    top: isAbove ? "auto" : `${field.bottom + GAP}px`,
    bottom: isAbove ? `${windowHeight - field.top + GAP}px` : "auto",
  };
}
