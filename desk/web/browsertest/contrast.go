package browsertest

// Contrast gives every text of a page whose contrast with what lies behind it
// is under what WCAG 2.2 AA asks (section 1.4.3): 4.5, or 3 for large text.
const Contrast = `(() => {
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
