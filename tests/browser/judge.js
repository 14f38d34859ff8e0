// What is wrong with the page; it is not asked about the contrast within `theirs`.
(theirs) => {
  const problems = [];
  const seen = [...document.querySelectorAll("body *")].filter((element) => !element.closest("[aria-hidden=true]") &&
    element.checkVisibility({ contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true }));
  const say = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 90);

  if (!document.title.trim()) problems.push("the page has no title");
  if (!document.documentElement.lang) problems.push("the page does not say its language");

  const headings = seen.filter((element) => /^H[1-6]$/.test(element.tagName)).map((element) => +element.tagName[1]);
  if (headings.filter((level) => level === 1).length !== 1) problems.push(`first headings: ${headings}`);
  headings.reduce((above, level) => {
    if (level > above + 1) problems.push(`headings skip: ${headings}`);
    return level;
  }, 0);

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) problems.push(`id twice: ${id}`);

  const textOf = (id) => document.getElementById(id)?.textContent ?? "";
  const nameOf = (element) =>
    [
      element.getAttribute("aria-label"),
      ...(element.getAttribute("aria-labelledby") ?? "").split(" ").map(textOf),
      ...[...(element.labels ?? [])].map((label) => label.textContent),
      element.tagName === "INPUT" ? (element.type === "submit" ? element.value : "") : element.innerText,
      ...[...element.querySelectorAll("img")].map((image) => image.alt),
      element.title,
    ].join("").trim();
  for (const element of seen)
    if (element.matches("a[href], button, input:not([type=hidden]), select, textarea, [role=progressbar]") && !nameOf(element))
      problems.push(`no name: ${say(element)}`);
  for (const image of document.querySelectorAll("img:not([alt])")) problems.push(`no text instead: ${say(image)}`);
  for (const cell of document.querySelectorAll("th:not([scope])")) problems.push(`a heading cell of nothing: ${say(cell)}`);

  const rgba = (text) => {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
    return { parts: [red, green, blue], alpha };
  };
  const over = (front, back) => front.parts.map((part, at) => part * front.alpha + back[at] * (1 - front.alpha));
  const groundOf = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const light = (parts) => {
    const [red, green, blue] = parts.map((part) => part / 255).map((part) =>
      part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  for (const element of seen) {
    const has_text = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!has_text || element.matches(":disabled, .visually-hidden, .visually-hidden *") || element.closest(theirs)) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const [low, high] = [light(over(rgba(style.color), ground)), light(ground)].sort((one, two) => one - two);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const is_large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (is_large ? 3 : 4.5)) problems.push(`contrast ${ratio.toFixed(2)}: ${say(element)}`);
  }

  const width = document.scrollingElement.scrollWidth;
  if (width > window.innerWidth) problems.push(`${width} pixels wide in a window of ${window.innerWidth}`);
  return problems;
}
