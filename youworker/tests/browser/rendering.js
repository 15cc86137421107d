// Helpers for tests of the rendering: run in a page of ours by `page.evaluate`, with what to do.
async ({ act, ...given }) => {
  const { blocks, render } = await import("/static/youworker/js/markdown.js");
  const { enhance } = await import("/static/youworker/js/enhance.js");

  function place(nodes) {
    const root = document.createElement("div");
    root.className = "md";
    root.append(nodes);
    (document.querySelector("main") ?? document.body).replaceChildren(root);
    return root;
  }

  // What must never come out of a text, whatever it says.
  const NEVER = "script, iframe, object, embed, style, link, meta, base, form, input, select, textarea, img, image, picture, source, audio, video, template, slot, dialog, details, marquee, [id], [name], [src], [srcset], [action], [formaction], [poster], [background], [ping], [srcdoc], [popover], [autofocus], [contenteditable]";
  const STYLED = "math, math *";

  function findings(root) {
    const found = [...root.querySelectorAll(NEVER)].map((element) => element.outerHTML);
    for (const element of root.querySelectorAll("*")) {
      const icon = element.closest("svg.icon") && element.closest(".code-head");
      if (element.localName.includes("-") || (element.namespaceURI.endsWith("svg") && !icon)) found.push(element.outerHTML);
      for (const { name, value } of element.attributes) {
        const leads = /href$/.test(name) && !icon && !/^(https?:\/\/|mailto:)/.test(value);
        const test = name === "data-test" && (value !== "citation" || element.localName !== "button");
        if (/^(on|hx-|data-hx|xlink)/i.test(name) || leads || test || (name === "style" && !element.matches(STYLED))) found.push(`${name}=${value}`);
        if (name === "style" && /url|image|expression|position/i.test(value)) found.push(`${name}=${value}`);
      }
      const ours = /^(cite|doubtful|unsupported|code-head|code-language|button|quiet|icon|unread|md|tml-[\w-]+|math\w*|upstrike|menclose)$/;
      const written = /^(hljs-[\w-]+|function_|class_|inherited__|(start|center|end)-aligned|code-block|display|image|math|table|table-scroll|task)$/;
      for (const name of element.classList) if (!ours.test(name) && !written.test(name)) found.push(`class ${name}`);
    }
    return found;
  }

  const citations = [1, 2].map((index) => ({ index, title: "<img src=x onerror=alert(1)>", page: index, excerpt: "<script>alert(1)</script>", document_id: "x", supported: index === 1 }));

  async function judge(source) {
    const root = place(render(source));
    await enhance(root, { citations, source, unsupported: [{ start: 0, end: Math.ceil(source.length / 2) }, { start: 3, end: 9_999_999 }] });
    for (const button of [...root.querySelectorAll(".cite")].slice(0, 3)) {
      button.click();
      const note = document.querySelector(".cite-note");
      if (note.querySelector("img, script")) return ["the note has markup"];
      note.hidePopover();
    }
    return findings(root);
  }

  // The same places in each run.
  function random(seed) {
    let state = seed;
    return (below) => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
  }

  // Where the finished blocks of a beginning are not those of the whole.
  function changed(source, cuts, unfinished) {
    const html = ({ start, fragment }) => `${start}: ${place(fragment).innerHTML}`;
    const whole = blocks(source).map(html);
    return cuts.flatMap((cut) => {
      const finished = blocks(source.slice(0, cut)).slice(0, -unfinished).map(html);
      return finished.flatMap((block, index) => (block === whole[index] ? [] : [[cut, block, whole[index]]]));
    });
  }

  const acts = {
    async judge({ sources }) {
      const bad = [];
      for (const source of sources) {
        const found = await judge(source);
        if (found.length) bad.push([source, found]);
      }
      return bad;
    },
    async judgePieces({ sources, seed }) {
      const pick = random(seed);
      const bad = [];
      for (const source of sources) {
        const others = sources[pick(sources.length)];
        const cut = pick(source.length + 1);
        for (const piece of [source.slice(0, cut), source.slice(cut), source.slice(0, cut) + others, `${source} ${others}`]) {
          const found = await judge(piece);
          for (const block of blocks(piece)) found.push(...findings(place(block.fragment)));
          if (found.length) bad.push([piece, found]);
        }
      }
      return bad;
    },
    findings: () => findings(document.querySelector(".md")),
    async html({ source, options = {} }) {
      const root = place(render(source));
      await enhance(root, { source, ...options });
      return root.innerHTML;
    },
    plain: ({ source }) => place(render(source)).innerHTML,
    blocks: ({ source }) => blocks(source).map(({ start, end, code, fragment }) => ({ start, end, code: code ?? null, html: place(fragment).innerHTML })),
    frozen({ source, seed, times, unfinished }) {
      const pick = random(seed);
      return changed(source, Array.from({ length: times }, () => pick(source.length + 1)), unfinished);
    },
    frozenLines({ source, lines }) {
      let end = 0;
      return changed(source, lines.map((line) => (end += line.length)), 1);
    },
    // The fastest time counts: whatever else a machine does makes others slower.
    time({ source, times }) {
      const took = [];
      for (let time = 0; time < times; time += 1) {
        const began = performance.now();
        place(render(source));
        took.push(performance.now() - began);
      }
      return Math.min(...took);
    },
    async twice({ source, citations }) {
      const root = place(render(source));
      await enhance(root, { citations: citations.slice(0, 1) });
      await enhance(root, { citations });
      return [...root.querySelectorAll(".cite")].map((mark) => mark.textContent);
    },
    async show({ source, options = {} }) {
      const root = place(render(source));
      globalThis.opened = [];
      root.addEventListener("yw-open-citation", ({ detail, target }) => globalThis.opened.push([detail.document_id, target.dataset.index]));
      // As on a page: an answer that ends comes again while its last block still waits for a library.
      await Promise.all([enhance(root, { source, ...options }), enhance(root, { source, ...options })]);
    },
  };
  return acts[act](given);
}
