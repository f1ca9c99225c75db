// Finds what is said in each recording before anything is sent: `metadata.csv` in the forms that the service reads
// (recordings/metadata.py), or a text file beside each recording.
//
//   id|text or id|text|as spoken              LJ Speech, without a header; the last text wins
//   audio_file|text|speaker_name              Coqui, with a header; between the columns | , ; or a tab
//   clip.txt or clip.lab beside clip.wav

const FILE_COLUMNS = ["audio_file", "file", "file_name", "filename", "path", "audio", "wav", "id"];
const TEXT_COLUMNS = ["normalized_text", "normalized", "text", "transcript", "transcription", "sentence"];
const SPEAKER_COLUMNS = ["speaker_name", "speaker", "speaker_id"];
const DELIMITERS = ["|", "\t", ";", ","];
const NAMED = 5;

/** The words of a text file, whatever wrote it: UTF-8, UTF-16 with its mark, or else Windows Latin. */
export function decodeText(bytes) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Composed letters, and one space for every white space. */
export function cleanText(text) {
  return text.normalize("NFC").replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}

/** The name of a recording in one form: forward slashes, no extension of a sound, composed letters. */
export function keyOf(name, extensions) {
  const path = name.normalize("NFC").trim().replaceAll("\\", "/").replace(/^\/+/, "");
  const extension = extensionOf(path);
  return extension && extensions.has(extension) ? path.slice(0, -extension.length) : path;
}

/** `.wav` in small letters; empty where there is none. */
export function extensionOf(path) {
  return /[^/]\.[^./]+$/.test(path) ? path.slice(path.lastIndexOf(".")).toLowerCase() : "";
}

/**
 * Read a `metadata.csv`.
 * @param {string} content
 * @param {Set<string>} extensions of recordings, with their dots
 * @returns {{texts: Map<string, string>, others: Map<string, string>, notes: string[]}} by the keys of `keyOf`; `others` are
 *   recordings of another speaker than most lines name
 */
export function readMetadata(content, extensions) {
  const lines = content.replace(/^\ufeff/, "").split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/).filter((line) => line.trim());
  if (!lines.length) return { texts: new Map(), others: new Map(), notes: ["metadata.csv is empty."] };
  const header = headerOf(lines[0]);
  return header ? readTable(lines.slice(1), header, extensions) : readPlain(lines, extensions);
}

function readPlain(lines, extensions) {
  const rows = [];
  let odd = 0;
  for (const line of lines) {
    const fields = line.split("|").map(unquoted);
    if (fields.length < 2 || !fields[0]) odd += 1;
    else rows.push([fields[0], fields[2] || fields[1]]);
  }
  const notes = odd ? [`${counted(odd, "line is", "lines are")} not “file|words” and ${odd === 1 ? "is" : "are"} left out.`] : [];
  return { texts: collect(rows, extensions, notes), others: new Map(), notes };
}

function readTable(lines, { delimiter, file, text, speaker }, extensions) {
  const table = delimiter === "|" ? lines.map((line) => line.split("|").map(unquoted)) : readQuoted(lines.join("\n"), delimiter);
  const rows = table.filter((row) => row.length > Math.max(file, text) && row[file].trim());
  const notes = [];
  const short = table.length - rows.length;
  if (short) notes.push(`${counted(short, "line has", "lines have")} too few columns and ${short === 1 ? "is" : "are"} left out.`);
  const speakers = rows.map((row) => (speaker >= 0 ? (row[speaker] ?? "").trim() : ""));
  const main = mostFrequent(speakers);
  const others = new Map();
  rows.forEach((row, place) => {
    if (speakers[place] !== main) others.set(keyOf(row[file], extensions), speakers[place]);
  });
  if (others.size) notes.push(`metadata.csv names several speakers. A voice is of one: only the recordings of ${main || "nobody"} are sent.`);
  const mine = rows.filter((_, place) => speakers[place] === main).map((row) => [row[file], row[text]]);
  return { texts: collect(mine, extensions, notes), others, notes };
}

/** Rows of a table as spreadsheets write it: quotes around a field, two for one inside. */
function readQuoted(content, delimiter) {
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  for (let place = 0; place <= content.length; place += 1) {
    const letter = content[place];
    if (quoted && letter === '"' && content[place + 1] === '"') {
      field += '"';
      place += 1;
    } else if (letter === '"' && (quoted || !field)) quoted = !quoted;
    else if (letter === undefined || (!quoted && (letter === delimiter || letter === "\n"))) {
      row.push(field);
      field = "";
      if (letter !== delimiter) {
        rows.push(row);
        row = [];
      }
    } else field += letter;
  }
  return rows;
}

function headerOf(line) {
  for (const delimiter of DELIMITERS) {
    const names = line.split(delimiter).map((name) => unquoted(name).toLowerCase().replaceAll(" ", "_"));
    const file = firstOf(names, FILE_COLUMNS);
    const text = firstOf(names, TEXT_COLUMNS);
    if (file >= 0 && text >= 0) return { delimiter, file, text, speaker: firstOf(names, SPEAKER_COLUMNS) };
  }
  return null;
}

function firstOf(names, wanted) {
  const found = wanted.find((name) => names.includes(name));
  return found === undefined ? -1 : names.indexOf(found);
}

function collect(rows, extensions, notes) {
  const texts = new Map();
  const empty = [];
  const twice = [];
  for (const [file, raw] of rows) {
    const key = keyOf(file, extensions);
    const text = cleanText(raw);
    if (!text) empty.push(key);
    else if (!texts.has(key)) texts.set(key, text);
    else if (texts.get(key) !== text) twice.push(key);
  }
  if (empty.length) notes.push(`metadata.csv has no words for ${few(empty)}.`);
  if (twice.length) notes.push(`metadata.csv has two different texts for ${few(twice)}; the first one is used.`);
  return texts;
}

function unquoted(part) {
  const text = part.trim();
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"')) {
    const inner = text.slice(1, -1);
    if (!inner.replaceAll('""', "").includes('"')) return inner.replaceAll('""', '"').trim();
  }
  return text;
}

function mostFrequent(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0] ?? "";
}

/**
 * Bring recordings and their words together.
 * @param {{path: string}[]} recordings
 * @param {{texts: Map<string, string>, others?: Map<string, string>}} metadata
 * @param {Map<string, string>} beside words of text files, by the key of the recording beside which they lie
 * @param {Set<string>} extensions
 * @returns {{words: Map<string, string>, left: Map<string, string>, missing: string[]}} by paths: what is said, and why
 *   a recording is left out; `missing` are the lines that name no recording here
 */
export function matchWords(recordings, metadata, beside, extensions) {
  const { texts, others = new Map() } = metadata;
  const keys = [...texts.keys(), ...[...others.keys()].filter((key) => !texts.has(key))];
  const byPath = new Map(keys.map((key) => [fold(key), key]));
  const byName = new Map();
  for (const key of keys) {
    const name = fold(baseOf(key));
    byName.set(name, byName.has(name) ? null : key); // two lines of one name: only the whole path tells them apart
  }
  const words = new Map();
  const left = new Map();
  const first = new Map();
  for (const { path } of [...recordings].sort(betterFirst)) {
    const own = keyOf(path, extensions);
    const key = suffixesOf(fold(own)).map((part) => byPath.get(part)).find(Boolean) ?? byName.get(fold(baseOf(own)));
    if (key && others.has(key) && !texts.has(key)) left.set(path, `Of ${others.get(key) || "nobody"}, another speaker, says metadata.csv.`);
    else if (key && first.has(key)) left.set(path, `Another copy of ${first.get(key)}.`);
    else if (key) {
      first.set(key, path);
      words.set(path, texts.get(key));
    } else if (beside.has(fold(own))) words.set(path, beside.get(fold(own)));
  }
  return { words, left, missing: [...texts.keys()].filter((key) => !first.has(key)) };
}

/** The key by which a text file beside a recording is found: `take.txt`, `take.lab` and `take.wav.txt`. */
export function besideKey(path, extensions) {
  return fold(keyOf(path.slice(0, -extensionOf(path).length), extensions));
}

/** `a/b/c`, `b/c`, `c`: a folder that was dropped is a part of the path that metadata.csv need not know. */
function suffixesOf(path) {
  const parts = path.split("/");
  return parts.map((_, start) => parts.slice(start).join("/"));
}

const LOSSLESS = new Set([".wav", ".flac", ".aiff", ".aif"]);

function betterFirst(one, other) {
  return Number(!LOSSLESS.has(extensionOf(one.path))) - Number(!LOSSLESS.has(extensionOf(other.path))) || one.path.localeCompare(other.path, "en", { numeric: true });
}

function fold(text) {
  return text.toLowerCase();
}

function baseOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `a, b, c and 4 more`. */
export function few(names, most = NAMED) {
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** `1 line is`, `3 lines are`. */
export function counted(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
