
const boxes = [...document.querySelectorAll('.f')], all = boxes[0];
const WIDTH = 1180, MARGIN = 10, LETTER = 6.7;
function zoom(to) {
  const x0 = +to.dataset.x, w0 = +to.dataset.w, level = +to.dataset.l;
  for (const b of boxes) {
    const x = +b.dataset.x, w = +b.dataset.w;
    const below = +b.dataset.l < level && x <= x0 + 1e-3 && x + w >= x0 + w0 - 1e-3;
    const left = below ? 0 : (x - x0) / w0 * WIDTH, wide = below ? WIDTH : w / w0 * WIDTH;
    const seen = below || (x >= x0 - 1e-3 && x + w <= x0 + w0 + 1e-3 && +b.dataset.l >= level);
    b.style.display = seen ? '' : 'none';
    if (!seen) continue;
    const [, rect, text] = b.children, fit = Math.floor((wide - 8) / LETTER), n = b.dataset.n;
    rect.setAttribute('x', MARGIN + left); rect.setAttribute('width', wide);
    rect.style.opacity = below ? 0.5 : 1;
    text.setAttribute('x', MARGIN + left + 4);
    text.textContent = n.length <= fit ? n : fit > 3 ? n.slice(0, fit - 2) + '..' : '';
  }
}
for (const b of boxes) b.addEventListener('click', () => zoom(b));
