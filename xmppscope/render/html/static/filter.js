// The filter language in the page: the grammar of docs/reference/filter.md read by hand, compiled to a function over
// entries. What is wrong is told with its place. Patterns are the browser's, close to those of Python; a test holds the
// two against each other.

import { ALIASES, FIELDS, PREFIXES, WORDS } from "./fields.js";
import { parse as parseXml } from "./xml.js";

const LONGEST = 10000;
const DEEPEST = 64;
const KEYWORDS = new Set(["and", "or", "not", "in", "contains", "matches"]);
const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy;
const BARE = /[^\s"'(){},!&|=<>~]+/y;
const WORD = /[A-Za-z][\w.-]*/y;
const AND = /and(?![\w.-])|&&/y;
const OR = /or(?![\w.-])|\|\|/y;
const NOT = /not(?![\w.-])|!(?!=)/y;
const IN = /in(?![\w.-])/y;
const OPERATOR = /==|!=|<=|>=|<|>|~|(?:contains|matches)(?![\w.-])/y;
const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'(){},!&|=<>~]+|==|!=|<=|>=|&&|\|\||\S/sy;
const NUMBER = /^([-+]?)(?:0x([0-9a-fA-F]+)|(\d+(?:\.\d+)?(?:[eE][-+]?\d{1,2})?)([a-zA-Zµ]*))$/;
const DURATIONS = { "": 1, us: 1e-6, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 };
const SIZES = { "": 1, B: 1 };
["K", "M", "G"].forEach((unit, n) => { for (const end of ["", "B", "IB"]) SIZES[unit + end] = 1024 ** (n + 1); });
const TEXTUAL = ["==", "!=", "contains", "~", "in"];
const ORDERED = ["==", "!=", "<", "<=", ">", ">=", "in"];
const OPERATORS = { text: TEXTUAL, word: TEXTUAL, "yes or no": ["==", "!="], hex: ["==", "!=", "contains", "in"] };
const FUNCTIONS = new Set(("last position count id local-name namespace-uri name string concat starts-with contains substring-before " +
  "substring-after substring string-length normalize-space translate boolean not true false lang number sum floor ceiling round " +
  "node text comment processing-instruction and or mod div").split(" "));
const ORDERS = {
  "==": (a, b) => a === b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
};

/** What is wrong with an expression, and where in it. */
export class FilterError extends Error {
  constructor(problem, column, length = 1) {
    super(problem);
    this.column = column;
    this.length = length;
  }
}

const quoted = (text) => {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return /^["']/.test(shown) ? shown : `"${shown}"`;
};

/** Return a function that tells whether an entry matches; `about` holds its findings, its connection and the origin. */
export function compile(expression) {
  if (expression.length > LONGEST) throw new FilterError(`longer than ${LONGEST} characters`, LONGEST);
  if (!expression.trim()) throw new FilterError("the expression is empty", 0);
  return new Reader(expression).read();
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.depth = 0;
    this.last = { text: "", column: 0, length: 1 };
    this.blank();
  }

  read() {
    const test = this.either();
    if (this.at < this.text.length) this.refuse();
    return test;
  }

  either() {
    if (++this.depth > DEEPEST * 4) throw new FilterError(`nested deeper than ${DEEPEST} levels`, 0, this.text.length);
    const parts = [this.both()];
    while (this.take(OR)) parts.push(this.both());
    this.depth -= 1;
    return parts.length === 1 ? parts[0] : (entry, about) => parts.some((part) => part(entry, about));
  }

  both() {
    const parts = [this.unary()];
    while (this.take(AND)) parts.push(this.unary());
    return parts.length === 1 ? parts[0] : (entry, about) => parts.every((part) => part(entry, about));
  }

  unary() {
    let denied = false;
    while (this.take(NOT)) denied = !denied;
    const part = this.atom();
    return denied ? (entry, about) => !part(entry, about) : part;
  }

  atom() {
    const open = this.take(/\(/y);
    if (open) {
      const part = this.either();
      if (!this.take(/\)/y)) {
        if (this.at >= this.text.length) throw new FilterError("this parenthesis is not closed", open.column);
        this.refuse();
      }
      return part;
    }
    const keyword = this.peek(TOKEN);
    const word = keyword && KEYWORDS.has(keyword.text) && this.last.text ? null : this.take(WORD);
    if (!word) this.missing();
    if (this.peek(/\(/y)) return this.call(word);
    const operator = this.take(OPERATOR);
    if (operator) return this.comparison(word, operator, [this.value()]);
    const inside = this.take(IN);
    if (inside) return this.comparison(word, inside, this.members());
    const before = this.at, last = this.last;
    if (this.take(NOT)) {
      const outside = this.take(IN);
      if (outside) return this.comparison(word, { ...outside, text: "not in" }, this.members());
      if (this.text.startsWith("not", before)) throw new FilterError('after a word write "and not", or "not in" and a set', before, 3);
      this.at = before;
      this.last = last;
    }
    return this.bare(word);
  }

  bare(word) {
    if (Object.hasOwn(WORDS, word.text)) return WORDS[word.text];
    const { field } = this.field(word, "field or kind");
    if (field.many) return (entry, about) => field.get(entry, about).length > 0;
    if (field.type === "yes or no") return (entry, about) => Boolean(field.get(entry, about));
    return (entry, about) => field.get(entry, about) !== undefined;
  }

  field(word, what) {
    const name = ALIASES[word.text] || word.text;
    if (Object.hasOwn(FIELDS, name)) return { name, field: FIELDS[name] };
    const parts = Object.keys(FIELDS).filter((one) => one.startsWith(`${word.text}.`));
    let problem = `no ${what} is called ${quoted(word.text)}`;
    if (KEYWORDS.has(word.text)) problem = `something is missing before ${quoted(word.text)}`;
    else if (what === "field" && parts.length) problem = `${word.text} has parts: compare ${parts.slice(0, 3).join(", ")}${parts.length > 3 ? ", …" : ""}`;
    else if (what === "field" && Object.hasOwn(WORDS, word.text)) problem = `${quoted(word.text)} stands alone: there is nothing in it to compare`;
    else {
      const close = closest(word.text, [...(what === "field" ? [] : Object.keys(WORDS)), ...Object.keys(FIELDS), ...Object.keys(ALIASES)]);
      if (close) problem += `; did you mean ${quoted(close)}?`;
      else if (what !== "field") problem += `; an element is found by name == ${quoted(word.text)}`;
    }
    throw new FilterError(problem, word.column, word.length);
  }

  comparison(word, operator, values) {
    const { name, field } = this.field(word, "field");
    const asked = { "!=": "==", "not in": "in", matches: "~" }[operator.text] || operator.text;
    const denied = operator.text === "!=" || operator.text === "not in";
    const allowed = OPERATORS[field.type] || ORDERED;
    if (!allowed.includes(asked)) {
      const what = { text: "text", hex: "hex", "yes or no": "true or false", numbers: "numbers" }[field.type] || `a ${field.type}`;
      throw new FilterError(name === "bytes" && ORDERED.includes(asked) ? 'bytes is what could not be read, in hex; did you mean "size"?'
        : `${name} is ${what}, which ${quoted(operator.text)} does not fit; it is compared with ${allowed.join(", ")}`, operator.column, operator.length);
    }
    for (const literal of values) {
      if (KEYWORDS.has(literal.text) && !literal.quoted) {
        throw wrong(literal, `a value is missing before ${quoted(literal.text)}; as a text it stands in quotes`);
      }
    }
    const test = tester(asked, values, name, field);
    if (field.many) {
      if (field.mayHold && /^(==|contains|in)$/.test(operator.text)) {
        const texts = values.map((literal) => literal.text);
        return (entry, about) => texts.some((text) => field.mayHold(entry, text)) && field.get(entry, about).some((one) => test(one, about));
      }
      return denied ? (entry, about) => { const all = field.get(entry, about); return all.length > 0 && !all.some((one) => test(one, about)); }
        : (entry, about) => field.get(entry, about).some((one) => test(one, about));
    }
    return (entry, about) => { const one = field.get(entry, about); return one !== undefined && test(one, about) !== denied; };
  }

  call(word) {
    this.take(/\(/y);
    const argument = this.take(STRING);
    if (!argument) {
      const here = this.peek(TOKEN);
      if (!here) throw new FilterError('a text in quotes is missing after "("', this.last.column, this.last.length);
      if (/^["']$/.test(here.text)) throw new FilterError("this quote is not closed", here.column);
      throw new FilterError(`a text in quotes is expected, not ${quoted(here.text)}`, here.column, here.length);
    }
    if (!this.take(/\)/y)) {
      if (this.at < this.text.length) this.refuse();
      throw new FilterError("this parenthesis is not closed", this.text.lastIndexOf("(", argument.column));
    }
    if (word.text !== "xpath") throw new FilterError(`no function is called ${quoted(word.text)}`, word.column, word.length);
    return xpath(unquoted(argument));
  }

  value() {
    const literal = this.take(STRING);
    if (literal) return unquoted(literal);
    const plain = this.take(BARE);
    if (plain) return plain;
    const here = this.peek(TOKEN);
    if (!here) throw new FilterError(`a value is missing after ${quoted(this.last.text)}`, this.last.column, this.last.length);
    if (/^["']$/.test(here.text)) throw new FilterError("this quote is not closed", here.column);
    if (here.text === "=") throw new FilterError('to compare, write "=="', here.column);
    throw new FilterError(`a value is missing before ${quoted(here.text)}`, here.column, here.length);
  }

  members() {
    const brace = this.take(/\{/y);
    if (!brace) {
      const here = this.peek(TOKEN);
      if (here) throw new FilterError('a set is expected after "in", as in {get, set}', here.column, here.length);
      throw new FilterError(`a set is missing after ${quoted(this.last.text)}, as in {get, set}`, this.last.column, this.last.length);
    }
    const values = [];
    for (;;) {
      if (this.at >= this.text.length) throw new FilterError("this brace is not closed", brace.column);
      values.push(this.value());
      if (this.take(/\}/y)) return values;
      if (!this.take(/,/y)) {
        const here = this.peek(TOKEN);
        if (!here) throw new FilterError("this brace is not closed", brace.column);
        throw new FilterError(`"," or "}" is missing before ${quoted(here.text)}`, here.column, here.length);
      }
    }
  }

  missing() {
    const here = this.peek(TOKEN);
    const last = this.last;
    if (!here) throw new FilterError(`something is missing after ${quoted(last.text)}`, last.column, last.length);
    if (/^["']$/.test(here.text)) throw new FilterError("this quote is not closed", here.column);
    if (/^["']/.test(here.text)) throw new FilterError('a text stands to the right of an operator, as in body contains "hello"', here.column, here.length);
    if (here.text === ")" && last.text === "(") throw new FilterError("there is nothing in the parentheses", last.column);
    if (/^(\)|and|or|in|contains|matches|&&|\|\||==|!=|<=?|>=?|~)$/.test(here.text)) {
      throw new FilterError(`something is missing before ${quoted(here.text)}`, here.column, here.length);
    }
    throw new FilterError(`a field or a kind is expected, not ${quoted(here.text)}`, here.column, here.length);
  }

  refuse() {
    const here = this.peek(TOKEN);
    const { text, column, length } = here;
    if (text === "=") throw new FilterError('to compare, write "=="', column);
    if (text === "&" || text === "|") throw new FilterError(`write "${text}${text}"`, column);
    if (text === ")") throw new FilterError("this parenthesis was never opened", column);
    if (/^["']$/.test(text)) throw new FilterError("this quote is not closed", column);
    if (KEYWORDS.has(text.toLowerCase()) && !KEYWORDS.has(text)) throw new FilterError(`write ${quoted(text.toLowerCase())} in small letters`, column, length);
    if (/^(==|!=|<=?|>=?|~|contains|matches)$/.test(text)) throw new FilterError('a comparison has one operator; join several with "and"', column, length);
    throw new FilterError(`"and" or "or" is missing before ${quoted(text)}`, column, length);
  }

  peek(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    return found && { text: found[0], column: this.at, length: found[0].length };
  }

  take(pattern) {
    const found = this.peek(pattern);
    if (found) {
      this.at += found.length;
      this.last = found;
      this.blank();
    }
    return found;
  }

  blank() {
    while (this.at < this.text.length && /\s/.test(this.text[this.at])) this.at += 1;
  }
}

function unquoted(literal) {
  const quote = literal.text[0];
  return { ...literal, quoted: true, text: literal.text.slice(1, -1).replace(/\\(.)/gs, (whole, one) => (one === quote ? quote : whole)) };
}

const wrong = (literal, problem) => new FilterError(problem, literal.column, literal.length);

/** Return the test of one value. */
function tester(asked, values, name, field) {
  if (asked === "~") return pattern(values[0]);
  const wanted = values.map((literal) => constant(literal, name, field));
  if (asked === "contains") return (one) => one.includes(wanted[0]);
  if (field.type === "time") return moment(asked, wanted);
  if (field.type === "numbers") {
    if (asked === "==" || asked === "in") return ([first, last]) => wanted.some((one) => first <= one && one <= last);
    return (span) => ORDERS[asked](span[asked[0] === "<" ? 0 : 1], wanted[0]);
  }
  if (asked === "in") return (one) => wanted.includes(one);
  return (one) => ORDERS[asked](one, wanted[0]);
}

function constant(literal, name, field) {
  const { text } = literal;
  switch (field.type) {
    case "text":
      if (!literal.quoted && NUMBER.test(text) && text.length <= 30) throw wrong(literal, `${name} is text: write "${text}" in quotes`);
      return text;
    case "word":
      if (!field.choices.includes(text)) {
        const close = closest(text, field.choices);
        const known = field.choices.length <= 4 ? `; it is ${field.choices.slice(0, -1).join(", ")} or ${field.choices[field.choices.length - 1]}` : "";
        throw wrong(literal, `no ${name.replace(".", " ")} is called ${quoted(text)}${close ? `; did you mean ${quoted(close)}?` : known}`);
      }
      return text;
    case "yes or no": {
      const said = { true: true, yes: true, false: false, no: false }[text.toLowerCase()];
      if (said === undefined) throw wrong(literal, `${name} is true or false, not ${quoted(text)}`);
      return said;
    }
    case "hex": {
      const found = /^(?:0x)?((?:[0-9a-f]{2})+)$/.exec(text.toLowerCase().replace(/[\s:]/g, ""));
      if (!found) throw wrong(literal, `${name} is compared with bytes in hex, such as 1603, not with ${quoted(text)}`);
      return found[1];
    }
    case "XEP number": {
      const found = /^(?:xep-?)?0*(\d{1,4})$/i.exec(text);
      if (!found) throw wrong(literal, `${name} is compared with a number such as 0198, not with ${quoted(text)}`);
      return found[1].padStart(4, "0");
    }
    case "time": return instant(literal, name);
    case "duration": return number(literal, DURATIONS, name, "500ms");
    case "size": return number(literal, SIZES, name, "4KB");
  }
  return number(literal, { "": 1 }, name, "3");
}

function number(literal, units, name, example) {
  const found = literal.text.length <= 30 ? NUMBER.exec(literal.text) : null;
  if (!found) throw wrong(literal, `${name} is compared with a number, such as ${example}, not with ${quoted(literal.text)}`);
  if (literal.quoted) throw wrong(literal, `${name} is compared with a number: write it without quotes`);
  const [, sign, digits, amount, unit] = found;
  const factor = digits ? 1 : units[unit] || units[unit.toLowerCase()] || units[unit.toUpperCase()];
  if (!factor) {
    throw wrong(literal, Object.keys(units).length === 1 ? `${name} has no unit: write the number alone` : `${quoted(unit)} is no unit of ${name}; such as ${example} has`);
  }
  const value = digits ? parseInt(digits, 16) : Number(amount) * factor;
  return sign === "-" ? -value : value;
}

function instant(literal, name) {
  const { text } = literal;
  if (!literal.quoted && NUMBER.test(text)) return { seconds: number(literal, DURATIONS, name, "3.5") };
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(Z|[-+]\d\d:?\d\d)?)?$/.exec(text);
  const base = found && Date.parse(`${found[1]}T${(found[2] || "00:00").replace(/[.,].*/, "")}${found[3] || "Z"}`);
  if (!found || Number.isNaN(base)) throw wrong(literal, `${quoted(text)} is no time; write seconds from the start, or 2026-11-20T09:24:56`);
  const fraction = /[.,](\d+)/.exec(found[2] || "");
  return { digits: new Date(base).toISOString().slice(0, 20) + (fraction ? fraction[1] : "").padEnd(9, "0") };
}

/** Compare points in time as texts of one length, as the timeline writes them. */
function moment(asked, wanted) {
  const order = ORDERS[asked === "in" ? "==" : asked];
  let origin = null;
  let limits = [];
  return (one, about) => {
    if (origin !== about.origin) {
      origin = about.origin;
      limits = wanted.map((limit) => limit.digits || clock(origin, limit.seconds));
    }
    const digits = one.slice(0, -1);
    const full = (digits.includes(".") ? digits : `${digits}.`).padEnd(29, "0");
    return limits.some((limit) => order(full, limit));
  };
}

/** Return the time so many seconds after *origin*, a time with nine digits of a second. */
function clock(origin, seconds) {
  const whole = BigInt(Date.parse(`${origin.slice(0, 19)}Z`)) * 1000000n + BigInt(origin.slice(20, 29)) + BigInt(Math.round(seconds * 1e9));
  const second = whole / 1000000000n;
  return `${new Date(Number(second) * 1000).toISOString().slice(0, 19)}.${String(whole % 1000000000n).padStart(9, "0")}`;
}

function pattern(literal) {
  let { text } = literal;
  let flags = "u";
  for (let found; (found = /^\(\?([a-zA-Z]+)\)/.exec(text)); text = text.slice(found[0].length)) {
    for (const letter of found[1]) {
      if (!"isa".includes(letter)) throw new FilterError(`a bad pattern: the flag ${letter} is not known here; i, s and a are`, literal.column + 1);
      if (letter !== "a" && !flags.includes(letter)) flags += letter;
    }
  }
  const start = literal.column + 1 + literal.text.length - text.length;
  const odd = /\\[1-9]|\(\?(?![:P])|\(\?P[=>]/.exec(text.replace(/\\[^1-9]/g, "  "));
  if (odd) throw new FilterError("a bad pattern: references and looking around can't be matched in bounded time", start + odd.index);
  const open = unclosed(text);
  if (open !== undefined) throw new FilterError("a bad pattern: missing ), unterminated subpattern", start + open);
  const own = text.replace(/\(\?P</g, "(?<").replace(/\\A/g, "^").replace(/\\[Zz]/g, "$").replace(/\\([-"'#%&,:;<=>@_`~ !])/g, (whole, one) => (one === "-" ? whole : one));
  for (const tried of [flags, flags.replace("u", "")]) {
    try {
      const search = new RegExp(own, tried);
      return (one) => search.test(one);
    } catch (error) {
      if (tried.includes("u")) continue;
      throw wrong(literal, `a bad pattern: ${error.message.replace(/^Invalid regular expression: /, "")}`);
    }
  }
  return null;
}

/** Return where a parenthesis of a pattern stands that is never closed. */
function unclosed(text) {
  const stack = [];
  for (const found of text.matchAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]/gs)) {
    if (found[0] === "(") stack.push(found.index);
    else if (found[0] === ")") stack.pop();
  }
  return stack[0];
}

function xpath(literal) {
  const { text } = literal;
  const bare = text.replace(/"[^"]*"|'[^']*'/g, (one) => " ".repeat(one.length));
  const about = (start, length, problem) => new FilterError(problem, literal.column + 1 + start, length);
  if (bare.includes("$")) throw about(bare.indexOf("$"), 1, "an XPath here has no variables");
  for (const found of bare.matchAll(/(?<![\w.:-])([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)\s*\(/g)) {
    if (!FUNCTIONS.has(found[1])) throw about(found.index, found[1].length, `no XPath function is called ${quoted(found[1])}`);
  }
  const prefixes = [...new Set([...bare.matchAll(/([A-Za-z_][\w.-]*):(?=[A-Za-z_*])/g)].map((found) => found[1]))];
  const strange = prefixes.filter((prefix) => !Object.hasOwn(PREFIXES, prefix));
  const ask = (root, own) => root.ownerDocument.evaluate(`boolean(${text}\n)`, root, (prefix) => own[prefix] || PREFIXES[prefix] || "urn:none", 3, null).booleanValue;
  try {
    ask(document.implementation.createDocument(null, "none").documentElement, {});
  } catch (error) {
    throw wrong(literal, "a bad XPath: it can't be read");
  }
  return (entry) => {
    const root = parseXml(entry);
    if (root === null) return false;
    const own = {};
    for (const prefix of strange) {
      own[prefix] = root.lookupNamespaceURI(prefix);
      if (!own[prefix]) return false;
    }
    return ask(root, own);
  };
}

/** Return the closest known name, if one is close. */
function closest(text, names) {
  let best = null;
  let least = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const name of names) {
    const far = distance(text.toLowerCase(), name);
    if (far < least) [best, least] = [name, far];
  }
  return best;
}

function distance(one, other) {
  let row = [...Array(other.length + 1).keys()];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[other.length];
}
