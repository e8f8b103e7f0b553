// Makes axe's contrast rule, by far its slowest, look at each kind of text twice instead of at every element.
// Elements are of one kind if they and all that contain them agree in tag, classes and all styles that a
// contrast depends on. So an element that looks different in any of these is a kind of its own.
(() => {
  const KEPT = 2;
  const STYLES = ["color", "backgroundColor", "backgroundImage", "opacity", "filter", "mixBlendMode",
    "fontSize", "fontWeight", "textShadow", "position", "visibility"];
  const kinds = new Map([[null, ""]]);
  const numbers = new Map();
  const seen = new Map();
  for (const node of document.querySelectorAll("*")) {  // what contains an element comes before it
    const style = getComputedStyle(node);
    const kind = [kinds.get(node.parentElement), node.tagName, node.className, ...STYLES.map(s => style[s])].join("|");
    if (!numbers.has(kind)) numbers.set(kind, numbers.size);
    kinds.set(node, numbers.get(kind));
    const count = seen.get(kind) || 0;
    if (count < KEPT && [...node.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.data.trim())) {
      node.setAttribute("data-contrast", "");
      seen.set(kind, count + 1);
    }
  }
  axe.configure({rules: [{id: "color-contrast", selector: "[data-contrast]"}]});
})();
