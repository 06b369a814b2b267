//go:build browser

package web

import "testing"

// contrast gives every text of a page whose contrast with what lies behind it
// is under what WCAG 2.2 AA asks (section 1.4.3): 4.5, or 3 for large text.
const contrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const known = new Map();
	const rgba = (c) => {
		if (!known.has(c)) known.set(c, painted(c));
		return known.get(c);
	};
	const painted = (c) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = c;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] / 255 + under[i] * (1 - top[3] / 255)).concat(255);
	const behind = (el) => {
		const layers = [];
		for (let e = el; e; e = e.parentElement) {
			const c = rgba(getComputedStyle(e).backgroundColor);
			layers.push(c);
			if (c[3] === 255) break;
		}
		return layers.reduceRight((under, c) => over(c, under), [255, 255, 255, 255]);
	};
	const light = (c) => {
		const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const bad = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const el = walk.currentNode.parentElement;
		if (!walk.currentNode.textContent.trim() || !el.checkVisibility({ opacityProperty: true })) continue;
		if (el.closest(".sr, .skip, svg, [disabled], option, :disabled")) continue;
		const style = getComputedStyle(el), under = behind(el);
		let front = over(rgba(style.color), under);
		let opacity = 1;
		for (let e = el; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
		front = front.map((v, i) => i === 3 ? 255 : v * opacity + under[i] * (1 - opacity));
		const [a, b] = [light(front), light(under)].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
		const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
		if (ratio < (large ? 3 : 4.5)) bad.add(ratio.toFixed(2) + " " + el.tagName + "." + el.className + " in " + el.parentElement.className + ": " + walk.currentNode.textContent.trim().slice(0, 30));
	}
	return [...bad];
})()`

// beyond gives elements that stick out of the window sideways and are not in a
// frame that scrolls or cuts them.
const beyond = `[...document.querySelectorAll("body, body *")].filter((el) => {
	if (!el.checkVisibility() || el.closest(".sr, .skip")) return false;
	const r = el.getBoundingClientRect();
	if (r.right <= innerWidth + 1 && r.left >= -1) return false;
	for (let p = el.parentElement; p; p = p.parentElement) {
		if (getComputedStyle(p).overflowX !== "visible" && p.getBoundingClientRect().right <= innerWidth + 1) return false;
	}
	return true;
}).slice(0, 3).map((el) => el.tagName + "." + el.className)`

// TestBrowserEveryPageIsReadable opens every page in every state: nothing may make it
// scroll sideways in any width, and every text must stand out in both themes.
func TestBrowserEveryPageIsReadable(t *testing.T) {
	_, page, url := open(t, "/")
	for _, s := range gallery() {
		page.Open(url + "/shot/" + s.Name)
		for _, width := range []int{320, 390, 800, 1280} {
			page.Size(width, 800)
			var wide []string
			page.Eval(beyond, &wide)
			if len(wide) > 0 {
				t.Errorf("%s at %d: beyond the edge: %v", s.Name, width, wide)
			}
		}
		for _, theme := range []string{"light", "dark"} {
			page.Eval(`document.documentElement.dataset.theme = "`+theme+`"; document.getAnimations().forEach((a) => a.finish())`, nil)
			var bad []string
			page.Eval(contrast, &bad)
			for _, b := range bad {
				t.Errorf("%s, %s: %s", s.Name, theme, b)
			}
		}
	}
}
