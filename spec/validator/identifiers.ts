// Section 6: for each scheme, the plain form of a value, or null where it is none of the scheme.

const capitals = (value: string): string => value.replace(/[a-z]/g, (c) => c.toUpperCase()).replace(/[.\-\s]/gu, "");
const without = (start: string, text: string): string => (text.startsWith(start) ? text.slice(start.length) : text);
const if_ = (good: boolean, plain: string): string | null => (good ? plain : null);
const digits = (text: string): number[] => [...text].map(Number);

function guid(value: string): string | null {
  const small = without("urn:uuid:", value.replace(/[A-Z]/g, (c) => c.toLowerCase()));
  const rest = small.replace(/^[{}]+|[{}]+$/g, "");
  return if_(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(rest), rest);
}

function isni(value: string): string | null {
  const s = capitals(value);
  if (!/^[0-9]{15}[0-9X]$/.test(s)) return null;
  const t = digits(s.slice(0, 15)).reduce((sum, d) => ((sum + d) * 2) % 11, 0);
  return if_("0123456789X"[(12 - t) % 11] === s[15], s);
}

function iswc(value: string): string | null {
  const s = without("ISWC", without("ISWC:", capitals(value)));
  if (!/^T[0-9]{10}$/.test(s)) return null;
  const sum = digits(s.slice(1, 10)).reduce((total, d, index) => total + (index + 1) * d, 1);
  return if_((10 - (sum % 10)) % 10 === Number(s[10]), s);
}

function upc(value: string): string | null {
  const s = capitals(value);
  const sum = digits(s).reverse().reduce((total, d, place) => total + d * (place % 2 === 1 ? 3 : 1), 0);
  return if_(/^[0-9]{12,13}$/.test(s) && sum % 10 === 0, s);
}

function simple(pattern: RegExp, ...starts: string[]): (value: string) => string | null {
  return (value) => {
    const s = starts.reduce((text, start) => without(start, text), capitals(value));
    return if_(pattern.test(s), s);
  };
}

const asIs = (pattern: RegExp) => (value: string): string | null => if_(pattern.test(value), value);
const ipi = simple(/^[0-9]{9,11}$/);

export const SCHEMES: Readonly<Record<string, (value: string) => string | null>> = {
  c2pa: asIs(/^urn:(c2pa|uuid):/),
  grid: simple(/^A1[A-Z0-9]{16}$/, "GRID:"),
  guid, isni, iswc, upc,
  ipi: (value) => ipi(value)?.padStart(11, "0") ?? null,
  ipn: simple(/^[0-9]{1,10}$/),
  isrc: simple(/^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$/, "ISRC:", "ISRC"),
  url: asIs(/^https?:\/\/[\x21-\x7e]+$/),
};
