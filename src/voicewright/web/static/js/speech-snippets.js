// The same request for a terminal and for a program: what the page asked for, and nothing that is usual.

/** What an answer needs, for `curl`. */
export function curlOf(address, body) {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    `curl ${quoted(address)} \\`,
    `  -H "Authorization: Bearer $VOICEWRIGHT_KEY" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -o speech.${body.response_format} \\`,
    `  -d '${json}'`,
  ].join("\n");
}

const KNOWN = ["model", "voice", "input", "response_format", "speed"];

/** The same with OpenAI's package for Python; what that does not know goes as `extra_body`. */
export function pythonOf(base, body) {
  const given = KNOWN.filter((name) => name in body).map((name) => `    ${name}=${literal(body[name])},`);
  const more = Object.entries(body).filter(([name]) => !KNOWN.includes(name));
  if (more.length) given.push(`    extra_body={${more.map(([name, value]) => `${literal(name)}: ${literal(value)}`).join(", ")}},`);
  return [
    "import os",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${literal(base)}, api_key=os.environ["VOICEWRIGHT_KEY"])`,
    "with client.audio.speech.with_streaming_response.create(",
    ...given,
    ") as speech:",
    `    speech.stream_to_file(${literal(`speech.${body.response_format}`)})`,
  ].join("\n");
}

/** A value as Python writes it. */
export function literal(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  return JSON.stringify(value); // its escapes are Python's too
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
