//! From a bound chart to one SVG: a pure function, the same bytes every time.
//! It knows no tables, no pages and no experiments.

use crate::axes;
use crate::bound::Bound;
use crate::clip;
use crate::fault::ChartFault;
use crate::layout::{self, Legend, Place};
use crate::legend;
use crate::look::{Ink, Look};
use crate::marks::{self, Placer};
use crate::panel::{Axes, Body, Ruler};
use crate::pen::Pen;
use crate::series::Shape;
use crate::svg::{FINE, Svg};
use crate::text;

/// What a picture says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// Names the picture.
    pub title: &'a str,
    /// Any text to carry along (keys, digests).
    pub metadata: &'a str,
    /// Tells its anchors apart from those of other figures on one page.
    pub figure: &'a str,
}

/// Draws a chart.
///
/// # Errors
/// Every number that cannot stand where the chart wants it, such as 0 on a logarithmic axis.
pub fn draw(bound: &Bound, look: &Look, about: About) -> Result<String, Vec<ChartFault>> {
    let chart = &bound.chart;
    let mut bodies = bodies(bound, look)?;
    let common = layout::take_common_labels(chart, &mut bodies, look);
    let layout = layout::layout(chart, &bodies, &common, look);
    let [width, height] = layout.size.map(f64::ceil);

    let mut out = String::new();
    let size = [width, height].map(|px| (px * FINE) as u32);
    let links = chart.panels.iter().flat_map(|panel| &panel.layers).any(|layer| layer.leads.is_some());
    let description = bound.remark().map(|remark| format!("{} {remark}", chart.alt));
    let says = [about.title, description.as_deref().unwrap_or(&chart.alt), about.metadata];
    let pen = Pen::new(Svg::new(&mut out, size.into(), says, links));
    let id = |anchor: &str| format!("panel-{}.{anchor}", about.figure);
    pen.block(&clip::Area { left: 0.0, top: 0.0, right: width, bottom: height }, Ink::Ground);
    for ((panel, body), place) in chart.panels.iter().zip(&bodies).zip(&layout.places) {
        match body {
            Body::Axes(axes) => draw_axes(&pen, axes, place, look),
            Body::Table(grid) => grid.draw(&pen, &place.area, look),
        }
        axes::border(&pen, panel.border.as_deref(), &place.area);
        if let Some(anchor) = &panel.anchor {
            pen.goal(&place.area, id(anchor));
        }
        if let Body::Axes(axes) = body {
            // The page of a figure lies beside its pictures.
            lead(&pen, axes, &place.area, &common, |anchor| format!("{}.html#{}", about.figure, id(anchor)));
        }
        if let Some(title) = panel.title.as_ref().filter(|_| place.titled) {
            axes::title(&pen, title, &place.area, look);
        }
    }
    axes::common(&pen, &common, &layout.grid, look);
    if let Some((entries, top)) = &layout.shared {
        legend::draw_below(&pen, entries, [look.gap, width - look.gap], *top, look);
    }
    pen.finish();
    Ok(out)
}

fn bodies(bound: &Bound, look: &Look) -> Result<Vec<Body>, Vec<ChartFault>> {
    let (mut bodies, mut faults) = (Vec::new(), Vec::new());
    for (panel, own) in bound.chart.panels.iter().zip(&bound.panels) {
        match Body::new(panel, own, look) {
            Ok(body) => bodies.push(body),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(bodies) } else { Err(faults) }
}

/// One panel: grid, cells, marks, axes, legend.
fn draw_axes(pen: &Pen, axes: &Axes, place: &Place, look: &Look) {
    let area = &place.area;
    if axes.bar().is_none() && !axes.bare {
        axes::grid(pen, axes, area, look);
    }
    draw_cells(pen, axes, place);
    if !axes.bare {
        axes::draw(pen, axes, area, place.written, look);
    }
    if let Some(bar) = place.bar {
        axes::bar(pen, bar, area, look);
    }
    let placer = Placer { axes, area: *area };
    let mut taken = Vec::new();
    for series in &axes.series {
        marks::draw(pen, &placer, series, &mut taken, look);
    }
    match &place.legend {
        Legend::Nowhere => {}
        Legend::Inside(entries, frame) => legend::draw_column(pen, entries, frame, look),
        Legend::Below(entries, top) => legend::draw_below(pen, entries, [area.left, area.right], *top, look),
    }
}

/// The cells of heat maps and of the colour bar. Large maps are one picture; else each colour is one path.
fn draw_cells(pen: &Pen, axes: &Axes, place: &Place) {
    let mut blocks: Vec<(clip::Area, u32)> = Vec::new();
    for series in &axes.series {
        let Shape::Heat(heat) = &series.shape else { continue };
        match heat.picture(&axes.x.scale, &axes.y.scale) {
            Some(picture) => pen.picture(&place.area, &picture),
            None => blocks.extend(heat.blocks(&place.area, &axes.x.scale, &axes.y.scale)),
        }
    }
    blocks.extend(place.bar.iter().flat_map(|bar| bar.blocks(&axes::bar_frame(&place.area))));
    blocks.sort_by_key(|(_, color)| *color);
    for (block, color) in &blocks {
        pen.cell(block, *color);
    }
}

/// Lays links over the cells of heat maps that lead somewhere.
fn lead(pen: &Pen, axes: &Axes, area: &clip::Area, common: &[Option<String>; 2], target: impl Fn(&str) -> String) {
    // Panels that share a label have handed theirs in.
    let name = |own: &Ruler, common: &Option<String>, or: &str| {
        own.label.clone().or_else(|| common.clone()).unwrap_or_else(|| or.to_owned())
    };
    let [across, up] = [name(&axes.x, &common[0], "x"), name(&axes.y, &common[1], "y")];
    for series in &axes.series {
        let Shape::Heat(heat) = &series.shape else { continue };
        for (cell, lead) in heat.ways(area, &axes.x.scale, &axes.y.scale) {
            let [x, y] = [axes.x.scale.words(lead.centre[0]), axes.y.scale.words(lead.centre[1])];
            let words = format!("{across} = {x}, {up} = {y}: {}", text::significant(lead.value, 3));
            pen.link(&cell, target(&lead.anchor), words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{About, Look};
    use crate::bind::bind;
    use crate::chart::Chart;
    use crate::svg;
    use condense_base::frame::Frame;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn frames() -> BTreeMap<String, Frame> {
        let numbers = Frame::new()
            .with("x", [0.0, 1.0, 2.0, 3.0])
            .with("y", [1.0, 10.0, 100.0, 0.5])
            .with("low", [0.5, 5.0, 50.0, 0.2])
            .with("m", [1.0, 1.0, 2.0, 2.0])
            .with_words("name", ["a", "b & c", "<d>", "e"]);
        let cells = Frame::new()
            .with("i", [0.0, 1.0, 0.0, 1.0])
            .with("j", [0.0, 0.0, 1.0, 1.0])
            .with("z", [1.0, 2.0, 2.0, 4.0]);
        BTreeMap::from([("f".to_owned(), numbers), ("cells".to_owned(), cells)])
    }

    fn chart(panels: &str) -> Chart {
        toml::from_str(&format!("alt = 'what it shows'\ncaption = 'c'\n{panels}")).expect("a chart")
    }

    /// One panel with one layer.
    fn layer(keys: &str) -> Chart {
        chart(&format!("[[panel]]\n[[panel.layer]]\n{keys}"))
    }

    /// Binds a chart and draws it.
    fn draw(chart: &Chart, frames: &BTreeMap<String, Frame>, about: About) -> Result<String, Vec<String>> {
        let drawn = bind(chart, frames).and_then(|bound| super::draw(&bound, &Look::default(), about));
        drawn.map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    fn drawn(chart: &Chart) -> String {
        draw(chart, &frames(), About { title: "title", ..About::default() }).expect("a picture")
    }

    fn refused(chart: &Chart) -> Vec<String> {
        draw(chart, &frames(), About::default()).expect_err("no picture")
    }

    /// Tags nest, text holds no bare mark, nothing has an id.
    fn assert_well_formed(svg: &str) {
        let mut open = Vec::new();
        for part in svg.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("a tag ends");
            assert!(!text.contains('>') && text.split('&').skip(1).all(|rest| rest.contains(';')), "{text}");
            let name = tag.split([' ', '/']).next().unwrap_or("");
            match (tag.strip_prefix('/'), tag.ends_with('/')) {
                (Some(closed), _) => assert_eq!(open.pop(), Some(closed)),
                (None, false) => open.push(name),
                (None, true) => {}
            }
        }
        assert!(open.is_empty() && !svg.contains(" id=") && svg.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn every_kind_of_layer_draws_its_elements() {
        let kinds = [
            (
                "kind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'",
                "class=\"plot-blue\" color=\"#0072b2\" stroke=\"currentColor\" stroke-width=\"16\" d=\"m",
            ),
            ("kind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\ndash = 'dashed'", "stroke-dasharray=\"64 50\""),
            ("kind = 'points'\nframe = 'f'\nx = 'x'\ny = 'y'\nsize = 4\ncolor = 'green'", "r=\"40\"/><circle"),
            ("kind = 'band'\nframe = 'f'\nx = 'x'\nlow = 'low'\nhigh = 'y'", "fill=\"currentColor\" opacity=\"0.22\""),
            ("kind = 'bars'\nframe = 'f'\nx = 'name'\ny = 'y'", ">b &amp; c</text>"),
            (
                "kind = 'histogram'\nframe = 'f'\nx = 'x'\nweight = 'y'\nbins = 4",
                "fill=\"currentColor\" opacity=\"0.22\"",
            ),
            ("kind = 'spread'\nframe = 'f'\nx = 'm'\ny = 'y'", "fill=\"currentColor\" opacity=\"0.22\""),
            (
                "kind = 'heatmap'\nframe = 'cells'\nx = 'i'\ny = 'j'\nz = 'z'",
                "fill=\"#fde725\" shape-rendering=\"crispEdges\"",
            ),
            ("kind = 'segments'\nframe = 'f'\nx = 'x'\ny = 'y'\nx2 = 'm'\ny2 = 'low'", "stroke-width=\"12\""),
            (
                "kind = 'arrows'\nframe = 'f'\nx = 'x'\ny = 'y'\nx2 = 'm'\ny2 = 'low'",
                "<path class=\"plot-blue\" color=\"#0072b2\" fill=\"currentColor\" d=",
            ),
            ("kind = 'text'\nframe = 'f'\nx = 'x'\ny = 'y'\ntext = 'name'", ">&lt;d&gt;</text>"),
            ("kind = 'text'\nat = [1, 2]\ntext = 'here'", "paint-order=\"stroke\" text-anchor=\"middle\"><text"),
            ("kind = 'rule'\naxis = 'y'\nat = 0", "stroke-width=\"10\" stroke-dasharray=\"40 35\""),
            ("kind = 'rule'\nfrom = [0, 0]\nto = [1, 1]\nlabel = 'y = x'", ">y = x</text>"),
            (
                "kind = 'table'\nframe = 'f'\ncolumns = [{ column = 'y', head = 'loss' }]",
                "font-weight=\"600\" text-anchor=\"end\"><text",
            ),
        ];
        for (keys, part) in kinds {
            let svg = drawn(&layer(keys));
            assert_well_formed(&svg);
            assert!(svg.contains(part), "{keys}\nlacks {part}\n{svg}");
        }
    }

    #[test]
    fn every_marker_has_a_shape() {
        let mut seen = std::collections::BTreeSet::new();
        for marker in ["disk", "ring", "square", "triangle", "triangle-down", "diamond", "cross", "star"] {
            let svg = drawn(&layer(&format!("kind = 'points'\nframe = 'f'\nx = 'x'\ny = 'y'\nmarker = '{marker}'")));
            assert!(seen.insert(svg), "{marker} looks like another");
        }
    }

    #[test]
    fn the_head_of_a_picture_names_and_describes_it() {
        let svg = drawn(&layer("kind = 'rule'\naxis = 'x'\nat = 0"));
        let head = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"720\"";
        assert!(svg.starts_with(head) && svg.contains("<title>title</title>\n<desc>what it shows</desc>\n"), "{svg}");
        assert!(svg.contains("@media screen and (prefers-color-scheme:dark){.plot-blue{color:#4da6e8}"));
    }

    #[test]
    fn the_same_numbers_give_the_same_bytes() {
        let chart = layer("kind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\nby = 'm'\nlabel = 'm = {}'");
        let svg = drawn(&chart);
        assert_eq!(svg, drawn(&chart));
        assert!(svg.contains(">m = 1</text>") && svg.contains(">m = 2</text>"));
    }

    #[test]
    fn a_band_and_its_line_share_an_ink() {
        let band = "[[panel.layer]]\nkind = 'band'\nframe = 'f'\nx = 'x'\nlow = 'low'\nhigh = 'y'\nby = 'm'\n";
        let line = "[[panel.layer]]\nkind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\nby = 'm'\n";
        let svg = drawn(&chart(&format!("[[panel]]\n{band}{line}")));
        assert_eq!(
            ["blue", "vermilion", "green"].map(|ink| svg.matches(&format!("class=\"plot-{ink}\"")).count()),
            [2, 2, 0]
        );
    }

    #[test]
    fn text_from_anywhere_is_made_safe() {
        let odd = "a<b & \"c\" ]]> \u{1}\u{1b}\u{fffe}'";
        let mut chart = layer("kind = 'rule'\naxis = 'x'\nat = 0\nlabel = 'l'");
        (chart.alt, chart.panels[0].title, chart.panels[0].y.label) = (odd.into(), Some(odd.into()), Some(odd.into()));
        let about = About { title: odd, metadata: odd, figure: "f" };
        let svg = draw(&chart, &frames(), about).expect("a picture");
        assert_well_formed(&svg);
        assert_eq!(svg.matches("a&lt;b &amp; &quot;c&quot; ]]&gt; &#39;").count(), 5);
    }

    #[test]
    fn an_inline_picture_has_neither_style_nor_metadata() {
        let chart = layer("kind = 'rule'\naxis = 'x'\nat = 0");
        let about = About { title: "title", metadata: "key <style>1</style>", figure: "f" };
        let full = draw(&chart, &frames(), about).expect("a picture");
        let inline = svg::inline(&full);
        assert!(
            full.contains("<metadata>key &lt;style&gt;") && full.contains(&format!("<style>{}</style>", svg::style()))
        );
        assert!(
            !inline.contains("<metadata>") && !inline.contains("<style>") && inline.contains("<title>title</title>")
        );
        assert_well_formed(&inline);
    }

    #[test]
    fn cells_lead_to_the_panels_of_their_anchors() {
        let cells = "[[panel]]\nx = { label = 'i' }\n[[panel.layer]]\nkind = 'heatmap'\nframe = 'cells'\nx = 'i'\ny = 'j'\nz = 'z'\nleads = 'to'\n";
        let goals = "[[panel]]\neach = 'cells'\nanchor = '{to}'\n[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0\n";
        let chart = chart(&format!("{cells}{goals}"));
        let draw = |to: [&str; 4]| {
            let mut frames = frames();
            let cells = frames["cells"].clone().with_words("to", to);
            frames.insert("cells".into(), cells);
            draw(&chart, &frames, About { figure: "f", ..About::default() })
        };
        let svg = draw(["a", "b", "c", "d"]).expect("a picture");
        let link = "<a href=\"f.html#panel-f.d\" tabindex=\"-1\"><title>i = 1, y = 1: 4</title><rect";
        assert!(
            svg.contains("role=\"group\"")
                && svg.contains(link)
                && svg.contains("<rect id=\"panel-f.d\" class=\"plot-goal\""),
            "{svg}"
        );
        assert!(svg::inline(&svg).contains("<a href=\"#panel-f.d\""));
        let said = draw(["a", "b", "b", "D"]).expect_err("no picture");
        assert_eq!(said[0], "panel 2, `anchor`: row 3 of `cells`: two panels have the `anchor` `b`");
        assert!(said[1].starts_with("panel 2, `anchor`: row 4 of `cells`: `anchor` is `D`"), "{said:?}");
    }

    /// Once they said x and y: panels that share a label had handed theirs in.
    #[test]
    fn links_know_labels_that_panels_share() {
        let map = "[[panel]]\nx = { label = 'i' }\n[[panel.layer]]\nkind = 'heatmap'\nframe = 'cells'\nx = 'i'\ny = 'j'\nz = 'z'\nleads = 'j'\n";
        let svg = drawn(&chart(&format!("columns = 3\n{}", map.repeat(6))));
        assert_eq!((svg.matches(">i</text>").count(), svg.matches("<title>i = 1, y = 1: 4</title>").count()), (1, 6));
    }

    #[test]
    fn what_cannot_be_drawn_is_named_with_its_layer() {
        let log = "[[panel]]\nx = { scale = 'log' }\n[[panel.layer]]\nkind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\n";
        assert_eq!(
            refused(&chart(log)),
            ["panel 1, layer 1: 1 of 4 x values are not above 0 (0): the axis is logarithmic"]
        );
        assert_eq!(
            refused(&layer("kind = 'line'\nframe = 'g'\nx = 'x'\ny = 'y'")),
            ["panel 1, layer 1, `frame`: unknown frame `g`"]
        );
        let none = layer("kind = 'points'\nframe = 'f'\nx = 'x'\ny = 'y'\nwhere = { m = 3, name = 'a' }");
        assert_eq!(refused(&none), ["panel 1, layer 1, `where`: no row has `m` = 3 and `name` = `a`"]);
        let words = layer("kind = 'band'\nframe = 'f'\nx = 'x'\nlow = 'name'\nhigh = 'y'");
        assert_eq!(refused(&words), ["panel 1, layer 1, `low`: column `name` holds words, not numbers"]);
        assert_eq!(
            refused(&layer("kind = 'line'\nframe = 'f'\nx = 'x'")),
            ["panel 1, layer 1, `y`: a `line` layer needs `y`"]
        );
    }

    #[test]
    fn panels_with_equal_axes_share_their_labels_and_legend() {
        let panel = "[[panel]]\nx = { label = 'time' }\n[[panel.layer]]\nkind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\nlabel = 'loss'\n";
        let svg = drawn(&chart(&format!("columns = 2\n{}", panel.repeat(4))));
        assert_eq!(
            (svg.matches(">time<").count(), svg.matches(">loss<").count(), svg.matches(">50</text>").count()),
            (2, 1, 2)
        );
        let svg = drawn(&chart(&format!("columns = 3\n{}", panel.repeat(6))));
        assert_eq!(svg.matches(">time<").count(), 1);
    }

    #[test]
    fn large_tables_stay_small_pictures() {
        let n = 4000;
        let spread = |step: usize| (0..n).map(|i| (i * step % 3989) as f64).collect::<Vec<f64>>();
        let side = (0..2500).map(|i| f64::from(i % 50)).collect::<Vec<f64>>();
        let other = (0..2500).map(|i| f64::from(i / 50)).collect::<Vec<f64>>();
        let noise = (0..2500).map(|i| f64::from(i * 7919 % 1009)).collect::<Vec<f64>>();
        let mut frames =
            BTreeMap::from([("many".to_owned(), Frame::new().with("x", spread(1)).with("y", spread(1663)))]);
        frames.insert("cells".into(), Frame::new().with("x", side).with("y", other).with("z", noise));
        let size = |keys: &str| draw(&layer(keys), &frames, About::default()).expect("a picture").len();
        assert!(size("kind = 'points'\nframe = 'many'\nx = 'x'\ny = 'y'") <= 60_000);
        assert!(size("kind = 'line'\nframe = 'many'\nx = 'x'\ny = 'y'") <= 60_000);
        assert!(size("kind = 'heatmap'\nframe = 'cells'\nx = 'x'\ny = 'y'\nz = 'z'") <= 20_000);
    }

    #[test]
    fn a_sketch_has_no_axes_and_equal_units() {
        let sketch = "[[panel]]\naxes = false\n[[panel.layer]]\nkind = 'line'\nframe = 'f'\nx = 'x'\ny = 'x'\n";
        let svg = drawn(&chart(sketch));
        assert_eq!((svg.matches("class=\"plot-grid").count(), svg.matches("<text").count()), (0, 0), "{svg}");
        let equal = drawn(&chart(&sketch.replace("axes = false", "equal = true\nheight = 200")));
        // The line from corner to corner is as high as it is wide.
        let line =
            equal.split("class=\"plot-blue\"").nth(1).and_then(|rest| rest.split(" d=\"m").nth(1)).expect("a line");
        let spaced = line[..line.find('"').expect("an end")].replace('-', " -");
        let numbers: Vec<f64> = spaced.split(' ').filter_map(|number| number.parse().ok()).collect();
        let [dx, dy] = [2, 3].map(|at| numbers.iter().skip(at).step_by(2).sum::<f64>().abs());
        assert!((dx - dy).abs() <= 4.0 && dx > 100.0, "{dx} {dy} {line}");
        assert_eq!(
            refused(&chart(&sketch.replace("axes = false", "axes = false\nx = { label = 'x' }"))),
            ["panel 1, `axes`: axes that are not drawn have no `label`"]
        );
    }

    #[test]
    fn one_colour_bar_serves_all_rows_that_share_it() {
        let map = "[[panel]]\n[[panel.layer]]\nkind = 'heatmap'\nframe = 'cells'\nx = 'i'\ny = 'j'\nz = 'z'\nlabel = 'shade'\n";
        assert_eq!(drawn(&chart(&format!("columns = 2\n{}", map.repeat(4)))).matches(">shade</text>").count(), 1);
        let other = map.replace("'shade'", "'shade'\nmax = 9");
        let svg = drawn(&chart(&format!("columns = 2\n{}{}", map.repeat(2), other.repeat(2))));
        assert_eq!(svg.matches(">shade</text>").count(), 2, "another range is another bar");
    }

    #[test]
    fn a_legend_that_is_part_of_another_is_not_repeated() {
        let layer = |label: &str, color: &str| {
            format!(
                "[[panel.layer]]\nkind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\nlabel = '{label}'\ncolor = '{color}'\n"
            )
        };
        let (a, b) = (layer("one", "blue"), layer("two", "green"));
        let svg = drawn(&chart(&format!("columns = 2\n[[panel]]\n{a}{b}[[panel]]\n{b}")));
        assert_eq!((svg.matches(">one</text>").count(), svg.matches(">two</text>").count()), (1, 1));
        let other = layer("two", "purple");
        let svg = drawn(&chart(&format!("columns = 2\n[[panel]]\n{a}{b}[[panel]]\n{other}")));
        assert_eq!(svg.matches(">two</text>").count(), 2, "another look is another entry");
    }

    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![4 => -10.0..10.0f64, 1 => Just(0.0), 1 => any::<f64>(), 1 => -1e300..1e300f64]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn no_numbers_make_it_panic(rows in proptest::collection::vec([any_number(), any_number(), any_number(), any_number()], 0..12), log in any::<bool>()) {
            let rows: Vec<Vec<f64>> = rows.into_iter().map(Vec::from).collect();
            let frames = BTreeMap::from([("f".to_owned(), Frame::from_rows(&["a", "b", "c", "d"], &rows))]);
            let scale = if log { "log" } else { "linear" };
            for keys in [
                "kind = 'line'\nx = 'a'\ny = 'b'\nlabel = 'l'",
                "kind = 'points'\nx = 'a'\ny = 'b'\nby = 'c'\nlabel = '{}'",
                "kind = 'band'\nx = 'a'\nlow = 'b'\nhigh = 'c'",
                "kind = 'bars'\nx = 'a'\ny = 'b'",
                "kind = 'histogram'\nx = 'a'\nweight = 'b'\nby = 'c'",
                "kind = 'spread'\nx = 'a'\ny = 'b'\nshare = 1",
                "kind = 'heatmap'\nx = 'a'\ny = 'b'\nz = 'c'\ncolors = 'diverging'",
                "kind = 'heatmap'\nx = 'a'\ny = 'b'\nz = 'c'\ncolors = 'steps'",
                "kind = 'arrows'\nx = 'a'\ny = 'b'\nx2 = 'c'\ny2 = 'd'",
                "kind = 'text'\nx = 'a'\ny = 'b'\ntext = 'c'",
                "kind = 'table'\ncolumns = [{ column = 'a' }, { column = 'b', digits = 2 }]",
            ] {
                let chart = chart(&format!("[[panel]]\ny = {{ scale = '{scale}' }}\n[[panel.layer]]\nframe = 'f'\n{keys}"));
                if let Ok(svg) = draw(&chart, &frames, About::default()) {
                    assert_well_formed(&svg);
                }
            }
        }
    }
}
