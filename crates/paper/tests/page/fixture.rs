//! A small paper made by hand: three figures, one of them failing, one with two charts, one with a table.
//! Its texts are hostile on purpose where a stranger could write them.

use std::fmt::Write as _;

use condense_paper::markup::{self, Quote, Text};
use condense_paper::report::{Templates, render_card, render_index};
use condense_paper::view::*;

pub const HOSTILE: &str = "<script>alert(\"1\")</script> & 'co' | {{ x }}";

pub fn templates() -> Templates {
    Templates::new([
        ("card.html", include_str!("../../../../templates/card.html")),
        ("card.md", include_str!("../../../../templates/card.md")),
        ("index.html", include_str!("../../../../templates/index.html")),
        ("report.md", include_str!("../../../../templates/report.md")),
        ("math-font.css", include_str!("../../../../templates/math-font.css")),
        ("style.css", include_str!("../../../../templates/style.css")),
    ])
    .unwrap_or_else(|fault| panic!("{fault:?}"))
}

pub fn inline(text: &str) -> Text {
    markup::inline(text, &[]).expect("sentence")
}

pub fn prose(text: &str, quotes: &[Quote]) -> Block {
    Block::Prose(markup::block(text, quotes).expect("prose"))
}

/// A picture as the plot module writes it: tenths of px, inks as classes, title and description.
fn picture(panels: usize, wide: bool, title: &str) -> String {
    let (width, height) = (if wide { 9600 } else { 7200 }, 2900);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"290\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui,sans-serif\" fill=\"none\" stroke-linecap=\"round\"><title>{}</title><desc>Made by hand.</desc>",
        width / 10,
        condense_plot::svg::escaped(title)
    );
    let share = width / panels;
    for panel in 0..panels {
        let (left, right) = (panel * share + 520, (panel + 1) * share - 180);
        for y in [400, 1400, 2400] {
            let _ = write!(
                svg,
                "<path class=\"plot-grid\" color=\"#e4e7eb\" stroke=\"currentColor\" stroke-width=\"8\" d=\"M{left} {y}H{right}\"/>"
            );
            let label = f64::from(2400 - y) / 2000.0;
            let _ = write!(
                svg,
                "<text class=\"plot-muted\" color=\"#57606a\" fill=\"currentColor\" font-size=\"130\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{label}</text>",
                left - 80,
                y + 45
            );
        }
        for (at, ink, color) in [(0_usize, "blue", "#0072b2"), (1, "vermilion", "#d55e00"), (2, "green", "#009e73")] {
            let points = (0..=60).map(|i| {
                let x = i as f64 / 60.0;
                let pull = (at + panel + 1) as f64;
                let y = (1.0 - x * pull * 0.3) / (1.0 + pull * pull * x * x);
                format!("{} {:.0}", left + (right - left) * i / 60, 2400.0 - 1900.0 * y)
            });
            let path = points.collect::<Vec<_>>().join("L");
            let _ = write!(
                svg,
                "<path class=\"plot-{ink}\" color=\"{color}\" stroke=\"currentColor\" stroke-width=\"16\" d=\"M{path}\"/>"
            );
        }
        let _ = write!(
            svg,
            "<text class=\"plot-ink\" color=\"#1b1f24\" fill=\"currentColor\" font-size=\"140\" text-anchor=\"middle\" x=\"{}\" y=\"2800\">epoch ({})</text>",
            usize::midpoint(left, right),
            ["a", "b", "c"][panel]
        );
    }
    svg + "</svg>"
}

/// What `plot::svg::style` gives: inks switch to their dark faces.
pub const STYLE: &str = "@media screen and (prefers-color-scheme:dark){.plot-blue{color:#4da6e8}.plot-vermilion{color:#f47f3c}\
                         .plot-green{color:#2cc295}.plot-ink{color:#e6edf3}.plot-muted{color:#9aa7b4}.plot-grid{color:#2a313a}}";

fn chart(label: &str, file: &str, panels: usize, wide: bool, caption: Text, table: Option<TableView>) -> Block {
    let svg = picture(panels, wide, &format!("Figure {label}"));
    let step = |title: &str| Step { title: title.to_owned(), svg: picture(1, false, title) };
    let scrub =
        (panels == 2).then(|| Scrub { legend: "Epoch".to_owned(), steps: vec![step("epoch 1"), step("epoch 2")] });
    let alt = "Three curves that fall [and rise] again".to_owned();
    Block::Chart(Chart { label: label.to_owned(), svg, file: file.to_owned(), alt, caption, wide, table, scrub })
}

fn claim(id: &str, says: &str, value: &str, bound: &str, margin: &str, holds: bool, source: Option<&str>) -> ClaimView {
    let source = source.map(str::to_owned);
    let [id, value, bound, margin] = [id, value, bound, margin].map(str::to_owned);
    // As pictures do, strips bring a title of their own.
    let svg = "<svg class=\"strip\" role=\"img\" width=\"190\" height=\"16\" viewBox=\"0 0 190 16\"><title>1 at seed 7</title></svg>";
    let range = ["1".to_owned(), "3".to_owned()];
    let strip = Strip {
        svg: svg.to_owned(),
        of: 5,
        hold: if holds { 5 } else { 2 },
        interval: "57 to 100 %".to_owned(),
        robust: holds,
        same: source.is_some(),
        seedless: false,
        range,
    };
    ClaimView { id, says: inline(says), value, bound, margin, holds, identity: false, source, strip: Some(strip) }
}

fn pair(name: &str, text: &str) -> Pair {
    Pair { name: name.to_owned(), text: text.to_owned() }
}

fn digest(seed: u64) -> String {
    (0..4).fold(String::new(), |text, i| text + &format!("{:016x}", (seed + i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn figure(number: usize, id: &str, title: &str, lock: Lock) -> FigureView {
    let outputs = vec![pair(&format!("fig/{id}.svg"), &digest(4)), pair(&format!("fig/{id}.csv"), &digest(5))];
    let provenance = Provenance {
        command: format!("make report ONLY={id}"),
        seconds: Some("1.9 s here".to_owned()),
        experiment: "condensation_1d".to_owned(),
        source_file: "src/experiments/condensation_1d.rs".to_owned(),
        seed: 7,
        params: vec![
            pair("epochs", "100000"),
            pair("width", "100"),
            pair("sigma", "0.005"),
            pair("activation", "\"tanh\""),
        ],
        inputs: Vec::new(),
        run_key: digest(number as u64),
        code: digest(2),
        outputs,
        lock,
    };
    let download = |label: &str, href: String, bytes| Download { label: label.to_owned(), href, bytes };
    FigureView {
        number,
        id: id.to_owned(),
        title: inline(title),
        slide: "1d example: condensation with small initialization".to_owned(),
        fidelity: Fidelity { tag: "faithful".to_owned(), because: None },
        blocks: Vec::new(),
        claims: Vec::new(),
        robustness: Some(Robustness {
            own: 7,
            record: None,
            outdated: false,
            measured: Some("seeds 8 to 12".to_owned()),
            command: None,
            seedless: false,
            because: None,
        }),
        downloads: vec![
            download("SVG", format!("fig/{id}.svg"), 14_200),
            download("CSV", format!("fig/{id}.csv"), 812),
            download("JSON", format!("fig/{id}.json"), 3_100_000),
        ],
        values: Vec::new(),
        provenance,
    }
}

/// The three figures.
pub fn figures() -> [FigureView; 3] {
    [condensation(), phases(), transformer()]
}

fn condensation() -> FigureView {
    let mut figure = figure(
        1,
        "condensation-1d",
        "Small weights line up: condensation of $a_j \\sigma(w_j x + b_j)$",
        Lock::Matches,
    );
    let loss = Value { name: "loss.final".to_owned(), text: "0.0271".to_owned(), full: "0.027134982211047".to_owned() };
    let groups = Value { name: "clusters.final".to_owned(), text: "3".to_owned(), full: "3".to_owned() };
    let quotes = [
        loss.quote(&figure.id),
        Label { label: "2".to_owned(), anchor: "phase-diagram".to_owned() }.quote(),
        groups.quote(&figure.id),
    ];
    let (m0, m1, m2) = (markup::mark(0), markup::mark(1), markup::mark(2));
    let text = format!(
        "The deck trains a two-layer network of width $m = 100$ from a *small* initialization, \
         $a_j(0), w_j(0), b_j(0) \\sim N(0, \\sigma^2)$ with $\\sigma = 0.005$, and shows that the neurons do not stay where \
         chance put them: their directions gather in a few points, as if the network had only {m2} neurons. The loss ends at {m0}.\n\n\
         The network is\n\n$$f^{{\\alpha}}_{{\\boldsymbol{{\\theta}}}}(\\boldsymbol{{x}}) = \\frac{{1}}{{\\alpha}} \\sum_{{k=1}}^{{m}} a_k \\sigma(\\boldsymbol{{w}}_k^{{\\mathsf{{T}}}} \\boldsymbol{{x}}),$$\n\n\
         and in units without dimension its gradient flow reads\n\
         $$\\frac{{\\mathrm{{d}}\\bar{{\\boldsymbol{{w}}}}_{{k}}}}{{\\mathrm{{d}}\\bar{{t}}}} = -\\kappa' \\frac{{1}}{{n}} \\sum_{{i=1}}^{{n}} \\kappa \\bar{{a}}_{{k}} \\sigma'(\\bar{{\\boldsymbol{{w}}}}_{{k}}^{{\\mathsf{{T}}}} \\boldsymbol{{x}}_{{i}}) \\boldsymbol{{x}}_{{i}} \\left(\\kappa \\sum_{{k'=1}}^{{m}} \\bar{{a}}_{{k'}} \\sigma(\\bar{{\\boldsymbol{{w}}}}_{{k'}}^{{\\mathsf{{T}}}} \\boldsymbol{{x}}_{{i}}) - y_{{i}}\\right).$$\n\
         What the two constants decide is the subject of {m1}."
    );
    figure.blocks = vec![
        prose(&text, &quotes),
        chart("1", "fig/condensation-1d.svg", 1, false, markup::inline(&format!("**One hundred neurons act as {m2}.** Output of the trained network (blue) through four points, loss {m0}; $m = 100$, seed 7."), &quotes).expect("caption"), None),
        prose("## What to look at\n\n- the plateau before epoch 1500,\n- the *drop* after it.\n\n| scheme | $\\gamma$ | $\\gamma'$ |\n|---|--:|--:|\n| LeCun | 1/2 | 0 |\n| Mean-field | 1 | 0 |", &[]),
    ];
    figure.claims = vec![
        claim(
            "plateau",
            "The loss rests on a plateau between epochs 200 and 1500.",
            "0.0062",
            "below 0.01",
            "38 % to spare",
            true,
            Some("flat"),
        ),
        claim(
            "groups",
            "At the end the directions $\\boldsymbol{w}_j / \\|\\boldsymbol{w}_j\\|$ form at most 4 groups.",
            "3",
            "below 4.5",
            "",
            true,
            Some("about 3"),
        ),
    ];
    figure.values = vec![loss, groups];
    figure
}

fn phases() -> FigureView {
    let mut figure = figure(2, "phase-diagram", "The phase diagram in $\\gamma$ and $\\gamma'$", Lock::Differs);
    "Typical cases across the phase diagram".clone_into(&mut figure.slide);
    let because = inline(
        "width $10^4$ in place of $10^6$: one cell at full width takes nine minutes, and the slopes agree to 2 % already",
    );
    figure.fidelity = Fidelity { tag: "scaled".to_owned(), because: Some(because) };
    figure.blocks = vec![
        prose(
            "Three regimes meet where $\\gamma = 1$ and $\\gamma' = \\gamma - 1$. The scaling parameters are\n\n$$\\kappa := \\frac{\\beta_1 \\beta_2}{\\alpha}, \\quad \\gamma = \\lim_{m \\to \\infty} -\\frac{\\log \\kappa}{\\log m}.$$",
            &[],
        ),
        chart(
            "2a",
            "fig/phase-diagram-cases.svg",
            3,
            true,
            inline(
                "**Linear, critical, condensed.** The three cases of the slide, each at widths $10^3$ (blue), $10^4$ (vermilion) and $10^5$ (green); 5 seeds.",
            ),
            None,
        ),
        prose("The second chart counts.", &[]),
        chart(
            "2b",
            "fig/phase-diagram.svg",
            2,
            false,
            inline("Counts per regime."),
            Some(TableView {
                head: ["regime", "$S_{\\boldsymbol{w}}$"].map(|text| markup::head(text, &[]).expect("head")).to_vec(),
                rows: vec![
                    vec![
                        Cell { text: "linear".to_owned(), number: false },
                        Cell { text: "−0.51".to_owned(), number: true },
                    ],
                    vec![
                        Cell { text: HOSTILE.to_owned(), number: false },
                        Cell { text: "0.43".to_owned(), number: true },
                    ],
                ],
            }),
        ),
    ];
    figure.claims = vec![
        claim(
            "boundary",
            "The slope $S_{\\boldsymbol{w}}$ changes sign on the line $\\gamma' = \\gamma - 1$.",
            "0.131",
            "below 0.1",
            "31 % too much",
            false,
            None,
        ),
        claim(
            "linear",
            "In the linear regime the features stay.",
            "0.004",
            "below 0.05",
            "92 % to spare",
            true,
            Some("0 in the limit"),
        ),
    ];
    figure
}

fn transformer() -> FigureView {
    let mut figure = figure(3, "transformer", HOSTILE, Lock::New);
    HOSTILE.clone_into(&mut figure.slide);
    figure.fidelity = Fidelity {
        tag: "substitute".to_owned(),
        because: Some(inline("a task that is made here stands for the deck's data, which were not published")),
    };
    figure.blocks = vec![
        prose(
            "$$A_{\\theta}(X) = \\sum_{i=1}^{h} \\operatorname{softmax}_{\\mathrm{row}} \\left(\\frac{XW_{Q_i}W_{K_i}^{\\top}X^{\\top}}{\\sqrt{d}}\\right) XW_{V_i}W_{O_i}^{\\top}$$",
            &[],
        ),
        chart("3", "fig/transformer.svg", 2, true, inline(HOSTILE), None),
    ];
    figure.claims = vec![claim("rank", HOSTILE, HOSTILE, HOSTILE, HOSTILE, true, Some(HOSTILE))];
    figure.values = vec![Value { name: "rank.final".to_owned(), text: HOSTILE.to_owned(), full: HOSTILE.to_owned() }];
    figure.provenance.inputs = vec![pair("data/brains.csv", &digest(9))];
    figure.provenance.params = vec![pair("word", HOSTILE)];
    figure
}

pub fn report() -> ReportView {
    let templates = templates();
    let entry = |figure: FigureView| {
        let card = render_card(&templates, &figure).unwrap_or_else(|fault| panic!("{fault:?}"));
        let FigureView { number, id, title, claims, provenance, .. } = figure;
        CardView { number, id, title, claims, provenance, card }
    };
    let [first, second, third] = figures().map(entry);
    let platform = ProofRow {
        processor: "x86-64 AVX2+FMA".to_owned(),
        build: "release, opt-level 3".to_owned(),
        threads: 2,
        note: HOSTILE.to_owned(),
        profile: "smoke".to_owned(),
    };
    ReportView {
        title: "The condensation phenomenon of deep neural networks, recomputed".to_owned(),
        standfirst: inline(
            "Large networks that start small behave like little ones. Every figure of the talk, computed again from seeds, with each statement checked against its number.",
        ),
        authors: vec!["A. Reader".to_owned(), "B. <Checker>".to_owned()],
        source: inline(
            "Yaoyu Zhang, [*The Condensation Phenomenon of Deep Neural Networks*](https://example.org/deck), MaD Seminar, New York University",
        ),
        version: "0.1.0".to_owned(),
        profile: None,
        command: "make report".to_owned(),
        proof: Some(Proof { platforms: 1, what: HOSTILE.to_owned(), rows: vec![platform] }),
        style: STYLE.to_owned(),
        sections: vec![
            SectionView { title: "Condensation".to_owned(), figures: vec![first] },
            SectionView { title: "Regime of condensation & more".to_owned(), figures: vec![second, third] },
        ],
    }
}

pub fn page() -> Text {
    render_index(&templates(), &report()).unwrap_or_else(|fault| panic!("{fault:?}"))
}
