// Figures as people read them, the same as the pages write them (`web/formats.py`).

/** To so many places; a half goes up. */
function rounded(number, places = 0) {
  return Math.floor(number * 10 ** places + 0.5) / 10 ** places;
}

/** `8.4 s`, `2:05 min`, `1:02 h`. */
export function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const tenths = rounded(seconds, 1);
  if (tenths < 10) return `${tenths.toFixed(1)} s`;
  const whole = rounded(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))} h`;
}

/** `less than a minute`, `about 4 minutes`, `about 1 hour 20 minutes`: as exact as a forecast may be. */
export function roughly(seconds) {
  if (seconds < 45) return "less than a minute";
  const minutes = rounded(seconds / 60);
  if (minutes < 60) return minutes <= 1 ? "about a minute" : `about ${minutes} minutes`;
  const tens = rounded(minutes / 10);
  const [hours, rest] = [Math.floor(tens / 6), (tens % 6) * 10];
  return `about ${hours} ${hours === 1 ? "hour" : "hours"}${rest ? ` ${rest} minutes` : ""}`;
}

/** `512 bytes`, `3.4 MB`. */
export function size(bytes) {
  let left = bytes;
  let unit = 0;
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  while (left >= 1024 && unit < units.length - 1) [left, unit] = [left / 1024, unit + 1];
  return unit === 0 ? `${left} bytes` : `${rounded(left, 1).toFixed(1)} ${units[unit]}`;
}

/** What something costs: `free`, `$0.04`, `$1,204.50`. */
export function money(dollars) {
  return dollars === 0 ? "free" : spent(dollars);
}

/** The same of a sum or a budget, of which nothing is not free: `$0.00`, `$0.0005`, `$1,204.50`. */
export function spent(dollars) {
  const places = dollars === 0 || Math.abs(dollars) >= 0.01 ? 2 : 4;
  return `$${rounded(dollars, places).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}
