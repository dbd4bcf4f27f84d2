// Text as search compares it, letter for letter as `inbox.language.turkish.fold` does; a test holds the two
// together. Latin letters become a–z, digits 0–9, accents and invisible characters go: "cop" finds "Çöp".

/** What stands for each of these letters, which Unicode does not take apart into a plain letter and a mark. */
const PLAIN = /** @type {[string, string][]} */ ([
  ["", "\u0640\u115f\u1160\u2800"],
  ['"', "\u201c\u201d"],
  ["'", "\u0060\u02b9\u02bc\u2018\u2019\u2032"],
  ["a", "ɐɑᴀᶏⱥ🅐🅰"],
  ["ae", "æ"],
  ["b", "ƀƃɓʙᴃᵬᶀꞗ🅑🅱"],
  ["c", "ƈȼɕᴄꜿꞓꞔ𝼝🅒🅲"],
  ["d", "ðđƌȡɖɗᴅᵭᶁᶑꝺꟈ🅓🅳"],
  ["e", "ǝɇɘəɛɜɝɞʚᴇᴈᶒᶓᶔⱸⱻꬳꬴ🅔🅴"],
  ["f", "ƒᵮᶂꜰꝼꞙ🅕🅵"],
  ["g", "ƣǥɠɡɢɣʛᵷᵹᶃꝿꞡꟑꬶ𝼁𝼂🅖🅶"],
  ["h", "ħɥɦʜʮʯⱨꞕ🅗🅷"],
  ["i", "ıɨɩɪᴉᵻᶖ𝼚🅘🅸"],
  ["j", "ȷɉɟʄʝᴊ🅙🅹"],
  ["k", "ĸƙʞᴋᶄⱪꝁꝃꝅꞣ𝼃𝼐🅚🅺"],
  ["l", "łƚȴɫɬɭʟᴌᶅⱡꝉꞁꞎꬷꬸꬹ𝼄𝼑𝼓🅛🅻"],
  ["m", "ɯɰɱᴍᴟᵯᶆꟺꬺ🅜🅼"],
  ["n", "ŋƞȵɲɳɴᴎᵰᶇꞑꞥꬻ🅝🅽"],
  ["o", "øɔɵᴏᴐᴑᴒᴓᶗⱺꝋꝍꬿ𝼛🅞🅾"],
  ["oe", "œ"],
  ["p", "ƥᴘᵱᵽᶈꝑꝓꝕ🅟🅿"],
  ["q", "ɋʠꝗꝙꞯ🅠🆀"],
  ["r", "ɍɹɺɻɼɽɾɿʀᴙᴚᵲᵳᶉⱹꞃꞧꭆꭉꭋꭌꭨ𝼈𝼕𝼖🅡🆁"],
  ["s", "ȿʂʃᵴᶊẜẝꜱꞅꞩꟊ𝼞🅢🆂"],
  ["t", "ŧƫƭȶʇʈᴛᵵⱦꞇ𝼉𝼍🅣🆃"],
  ["th", "þ"],
  ["u", "ʉʊᴜᴝᵾᶙꞹꭎꭏꭒ🅤🆄"],
  ["v", "ʋʌᴠᶌⱱⱴꝟ🅥🆅"],
  ["w", "ʍᴡⱳ🅦🆆"],
  ["x", "ᶍꭖꭗꭘꭙ🅧🆇"],
  ["y", "ƴɏʎʏỿꭚ𝼆🅨🆈"],
  ["z", "ƶȥɀʐʑʒᴢᵶᶎⱬ🅩🆉"],
]);

const BECOMES = new Map(PLAIN.flatMap(([plain, letters]) => [...letters].map((letter) => [letter, plain])));
const DIGIT = /^\p{Nd}$/u;
const DROPPED = /^[\p{Cf}\p{Mn}\p{Me}\p{Cc}\p{Cs}]$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts the separators of files and lines as blanks
const BLANKS = /[\s\u001c-\u001f\u0085]+/u;

/**
 * The value of a decimal digit of any script: their runs of ten begin with zero.
 * @param {string} digit
 */
function value(digit) {
  const code = /** @type {number} */ (digit.codePointAt(0));
  let before = 0;
  while (DIGIT.test(String.fromCodePoint(code - before - 1))) before += 1;
  return String(before % 10);
}

/** @param {string} character */
function kept(character) {
  if (DIGIT.test(character)) return value(character);
  return DROPPED.test(character) && !BLANKS.test(character) ? "" : character;
}

/** @param {string} text */
function foldOnce(text) {
  let folded = "";
  for (const character of text.normalize("NFKD")) {
    // Up and down again is the case folding that JavaScript lacks: ß is ss, both sigmas are one.
    for (const letter of character.toUpperCase().toLowerCase().normalize("NFKD")) {
      for (const plain of BECOMES.get(letter) ?? letter) folded += kept(plain);
    }
  }
  return folded.normalize("NFKC");
}

/**
 * `text` as search compares it. Folding twice changes nothing.
 * @param {string} text
 */
export function fold(text) {
  let folded = foldOnce(text);
  for (let again = foldOnce(folded); again !== folded; again = foldOnce(folded)) folded = again;
  return folded.split(BLANKS).filter(Boolean).join(" ");
}

/**
 * Whether every word typed stands somewhere in `folded`, a text folded before.
 * @param {string} typed
 * @param {string} folded
 */
export function finds(typed, folded) {
  return fold(typed)
    .split(" ")
    .every((word) => folded.includes(word));
}
