// Draws the diagrams of a page. Mermaid is large, so it is loaded only where there is a diagram, and from beside
// this file, never from the network.
(() => {
  const home = document.currentScript.src.replace(/[^/]*$/, "");
  const sources = new WeakMap();
  let loading;

  const load = () =>
    (loading ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = home + "vendor/mermaid.min.js";
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    }));

  const draw = async () => {
    const blocks = [...document.querySelectorAll("pre.diagram, div.drawn")];
    if (!blocks.length) return;
    await load();
    const dark = document.body.getAttribute("data-md-color-scheme") === "slate";
    mermaid.initialize({
      startOnLoad: false,
      suppressErrorRendering: true,
      theme: dark ? "dark" : "neutral",
      securityLevel: "strict",
      flowchart: { nodeSpacing: 16, rankSpacing: 32, padding: 8 },
    });
    for (const [i, block] of blocks.entries()) {
      const source = sources.get(block) ?? block.textContent;
      const drawn = document.createElement("div");
      drawn.className = "drawn";
      drawn.tabIndex = 0; // so that it can be scrolled by keys
      drawn.innerHTML = (await mermaid.render(`diagram-${Date.now()}-${i}`, source)).svg;
      sources.set(drawn, source);
      block.replaceWith(drawn);
    }
  };

  draw();
  new MutationObserver(draw).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
})();
