"""How a flame graph looks in light and dark, and what a click on a box does."""

STYLE = """
svg{font:11px ui-monospace,Menlo,Consolas,monospace;background:#fff}
.h{font-size:15px;font-weight:600;fill:#1a1a1a}.n{fill:#555}
.f text{fill:#1a1a1a;pointer-events:none}.f rect{stroke:#fff;stroke-width:.6}.f{cursor:pointer}
.f:hover rect{stroke:#111;stroke-width:1.5}
.all rect{fill:#dcdcdc}.module rect{fill:#c9d6ea}.range rect{fill:#cfe6cf}.walk rect{fill:#f3d9b8}
.operation rect{fill:#8fb4e3}.backward rect{fill:#f0a868}.work rect{fill:#c8b3e0}
@media (prefers-color-scheme:dark){
svg{background:#16181d}.h{fill:#f0f0f0}.n{fill:#b0b0b0}.f text{fill:#f4f4f4}.f rect{stroke:#16181d}
.f:hover rect{stroke:#fff}.all rect{fill:#3d4048}.module rect{fill:#34496b}.range rect{fill:#2f5a37}
.walk rect{fill:#6b4a22}.operation rect{fill:#2c62a8}.backward rect{fill:#a8591c}.work rect{fill:#63468c}}
"""

# A click zooms to a box: what it stands on becomes as wide as all, what lies beside it goes.
SCRIPT = r"""
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
"""
