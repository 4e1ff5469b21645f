/** What the library says of jobs. */

/** When something was, as short as it can be said: “14:05”, “Tue 14:05”, “3 Nov”, “3 Nov 2025”. */
export function day(timestamp: number, now: Date = new Date(), locale?: string): string {
  const then = new Date(timestamp);
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  const days = (midnight(now) - midnight(then)) / 86_400_000;
  if (days < 0.5) return then.toLocaleTimeString(locale, time);
  if (days < 6.5) return then.toLocaleString(locale, { weekday: "short", ...time });
  const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
  return then.toLocaleDateString(locale, then.getFullYear() === now.getFullYear() ? date : { ...date, year: "numeric" });
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
