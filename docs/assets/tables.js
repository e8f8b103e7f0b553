// Lets wide tables be scrolled by keys, too.
addEventListener("load", () => {
  for (const part of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset table:not([class]), .wide")) {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
  }
});
