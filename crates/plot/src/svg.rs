//! The SVG back end for plotters: small, real text, two grounds, the same bytes every time.
//! It knows no data and no charts, only strokes, fills, disks and words in tenths of a pixel.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

use crate::chart::Dash;
use crate::look::Ink;
use crate::path::Path;

/// Units of the canvas per px.
pub const FINE: f64 = 10.0;
/// Above so many disks of one look they become one path of dots (a fifth of the bytes).
const MANY_DISKS: usize = 50;
/// How a link to a place on a page begins.
const LINK: &str = "<a href=\"";
const FONTS: &str = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// An SVG under construction; elements of equal look that follow each other are written as one.
pub struct Svg<'s> {
    out: &'s mut String,
    size: (u32, u32),
    attributes: String,
    run: Run,
}

/// Consecutive elements of one look.
enum Run {
    Nothing,
    Path(Path),
    Disks(Vec<BackendCoord>, u32),
    Words(String),
}

impl<'s> Svg<'s> {
    /// Opens a picture of `size` in tenths of a px. What has links in it is no image to a screen reader, but a group.
    pub fn new(out: &'s mut String, size: (u32, u32), [title, description, metadata]: [&str; 3], links: bool) -> Self {
        let role = if links { "group" } else { "img" };
        let [width, height] = [size.0, size.1].map(|tenths| f64::from(tenths) / FINE);
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"{role}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {} {}\" font-family=\"{FONTS}\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n\
             <title>{}</title>\n<desc>{}</desc>\n",
            size.0,
            size.1,
            escaped(title),
            escaped(description)
        );
        if !metadata.is_empty() {
            let _ = writeln!(out, "<metadata>{}</metadata>", escaped(metadata));
        }
        let _ = writeln!(out, "<style>{}</style>", style());
        Self { out, size, attributes: String::new(), run: Run::Nothing }
    }

    /// A polyline with a dash pattern, which plotters' own styles lack.
    pub fn stroke<S: BackendStyle>(&mut self, points: impl IntoIterator<Item = BackendCoord>, style: &S, dash: Dash) {
        let mut look = String::from("<path");
        paint(&mut look, "stroke", style.color());
        let width = style.stroke_width();
        let _ = write!(look, " stroke-width=\"{width}\"");
        match dash {
            Dash::Solid => {}
            Dash::Dashed => drop(write!(look, " stroke-dasharray=\"{} {}\"", width * 4, width * 5 / 2 + 10)),
            Dash::Dotted => drop(write!(look, " stroke-dasharray=\"0 {}\"", width * 2)),
        }
        self.path(look, |path| path.line(points));
    }

    /// Words, with a rim around their letters where they may stand on something.
    pub fn words<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord, rim: Option<Ink>) {
        let size = style.size().round() as i32;
        let mut look = String::from("<g");
        paint(&mut look, "fill", style.color());
        let _ = write!(look, " font-size=\"{size}\"");
        if matches!(style.style(), FontStyle::Bold) {
            look.push_str(" font-weight=\"600\"");
        }
        if let Some(rim) = rim {
            let [rgb, dark] = rim.faces();
            if rgb != dark {
                look = look.replacen("class=\"", "class=\"plot-rimmed ", 1);
            }
            let _ = write!(look, " stroke=\"#{rgb:06x}\" stroke-width=\"{}\" paint-order=\"stroke\"", size / 4);
        }
        match style.anchor().h_pos {
            HPos::Left => {}
            HPos::Center => look.push_str(" text-anchor=\"middle\""),
            HPos::Right => look.push_str(" text-anchor=\"end\""),
        }
        let drop = match style.anchor().v_pos {
            VPos::Top => size * 3 / 4,
            VPos::Center => size * 7 / 20,
            VPos::Bottom => 0,
        };
        let place = match style.transform() {
            FontTransform::Rotate270 => format!("transform=\"translate({} {y}) rotate(-90)\"", x + drop),
            _ => format!("x=\"{x}\" y=\"{}\"", y + drop),
        };
        let word = format!("<text {place}>{}</text>", escaped(text));
        if let Run::Words(words) = &mut self.run
            && look == self.attributes
        {
            words.push_str(&word);
        } else {
            self.flush();
            (self.attributes, self.run) = (look, Run::Words(word));
        }
    }

    /// A picture stretched over a rectangle, its pixels kept sharp.
    pub fn picture(&mut self, [from, to]: [BackendCoord; 2], url: &str) {
        self.flush();
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let _ = writeln!(
            self.out,
            "<image x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{url}\"/>",
            from.0, from.1
        );
    }

    /// A place to which [`link`](Self::link)s lead: nothing to see until one has led there.
    pub fn goal(&mut self, [from, to]: [BackendCoord; 2], id: &str) {
        self.flush();
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let _ = writeln!(
            self.out,
            "<rect id=\"{}\" class=\"plot-goal\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>",
            escaped(id),
            from.0,
            from.1
        );
    }

    /// A clear rectangle that leads to a place of a page beside the picture's file, and words that tell of it. The tab key
    /// passes over it: links stand in hundreds.
    pub fn link(&mut self, [from, to]: [BackendCoord; 2], target: &str, words: &str) {
        self.flush();
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let _ = writeln!(
            self.out,
            "{LINK}{}\" tabindex=\"-1\"><title>{}</title><rect class=\"plot-link\" x=\"{}\" y=\"{}\" \
             width=\"{width}\" height=\"{height}\" pointer-events=\"all\"/></a>",
            escaped(target),
            escaped(words),
            from.0,
            from.1
        );
    }

    /// Adds to the path of this look, which is the current one or a new one.
    fn path(&mut self, look: String, add: impl FnOnce(&mut Path)) {
        if let Run::Path(path) = &mut self.run
            && look == self.attributes
        {
            add(path);
        } else {
            self.flush();
            let mut path = Path::default();
            add(&mut path);
            (self.attributes, self.run) = (look, Run::Path(path));
        }
    }

    fn flush(&mut self) {
        let look = std::mem::take(&mut self.attributes);
        match std::mem::replace(&mut self.run, Run::Nothing) {
            Run::Nothing => {}
            Run::Path(path) => drop(writeln!(self.out, "{look} d=\"{}\"/>", path.text())),
            Run::Disks(centres, radius) => self.disks(&look, &centres, radius),
            Run::Words(words) => drop(writeln!(self.out, "{look}>{words}</g>")),
        }
    }

    fn disks(&mut self, look: &str, centres: &[BackendCoord], radius: u32) {
        if centres.len() <= MANY_DISKS {
            let _ = write!(self.out, "<g{look} fill=\"currentColor\">");
            for (x, y) in centres {
                let _ = write!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
            }
            self.out.push_str("</g>\n");
        } else {
            let mut dots = Path::default();
            for &centre in centres {
                dots.dot(centre);
            }
            let width = radius * 2;
            let _ = writeln!(
                self.out,
                "<path{look} stroke=\"currentColor\" stroke-width=\"{width}\" d=\"{}\"/>",
                dots.text()
            );
        }
    }
}

/// Adds colour, opacity and the painted property: an ink as a class that the page may switch, any other colour as it is.
fn paint(look: &mut String, property: &str, color: BackendColor) {
    let (r, g, b) = color.rgb;
    let rgb = u32::from_be_bytes([0, r, g, b]);
    if let Some(ink) = Ink::of(rgb) {
        let _ = write!(look, " class=\"{}\" color=\"#{rgb:06x}\"", ink.class());
        if !property.is_empty() {
            let _ = write!(look, " {property}=\"currentColor\"");
        }
    } else {
        let _ = write!(look, " {property}=\"#{rgb:06x}\"");
    }
    if color.alpha < 1.0 {
        let percent = (color.alpha * 100.0).round() as u32;
        let _ = write!(look, " opacity=\"0.{:02}\"", percent.min(99));
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    /// Closes the picture.
    fn present(&mut self) -> Drawn {
        self.flush();
        self.out.push_str("</svg>\n");
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.stroke(path, style, Dash::Solid);
        Ok(())
    }

    /// A filled rectangle keeps its edges crisp: neighbouring cells show no seam.
    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        let mut look = String::from("<path");
        paint(&mut look, if fill { "fill" } else { "stroke" }, style.color());
        if fill {
            look.push_str(" shape-rendering=\"crispEdges\"");
        } else {
            let _ = write!(look, " stroke-width=\"{}\"", style.stroke_width());
        }
        self.path(look, |path| path.rectangle(from, to));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        if !fill {
            let mut look = String::from("<path");
            paint(&mut look, "stroke", style.color());
            let _ = write!(look, " stroke-width=\"{}\"", style.stroke_width());
            self.path(look, |path| path.circle(centre, radius as i32));
            return Ok(());
        }
        let mut look = String::new();
        paint(&mut look, "", style.color());
        if let Run::Disks(centres, same) = &mut self.run
            && *same == radius
            && look == self.attributes
        {
            centres.push(centre);
        } else {
            self.flush();
            (self.attributes, self.run) = (look, Run::Disks(vec![centre], radius));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let mut look = String::from("<path");
        paint(&mut look, "fill", style.color());
        self.path(look, |path| path.polygon(corners));
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        self.words(text, style, at, None);
        Ok(())
    }
}

/// The rules that switch the inks to their dark faces; a page that holds inline pictures carries them once.
pub fn style() -> String {
    let mut rules = String::new();
    for ink in Ink::ALL.into_iter().filter(|ink| ink.faces()[0] != ink.faces()[1]) {
        let _ = write!(rules, ".{}{{color:#{:06x}}}", ink.class(), ink.faces()[1]);
    }
    let ground = Ink::Ground.faces()[1];
    format!("@media screen and (prefers-color-scheme:dark){{{rules}.plot-rimmed{{stroke:#{ground:06x}}}}}")
}

/// The places of a picture to which links may lead, by id.
pub fn goals(svg: &str) -> impl Iterator<Item = &str> {
    quoted(svg, "<rect id=\"")
}

/// The ids to which the links of a picture lead.
pub fn links(svg: &str) -> impl Iterator<Item = &str> {
    quoted(svg, LINK).filter_map(|target| Some(target.split_once('#')?.1))
}

/// Width and height of a picture in px, as its first element says.
pub fn size(svg: &str) -> Option<[u32; 2]> {
    let head = svg.split_once('>')?.0;
    let px = |name: &str| quoted_in(head, name)?.parse::<f64>().ok().map(|px| px.ceil() as u32);
    Some([px(" width=\"")?, px(" height=\"")?])
}

fn quoted_in<'s>(text: &'s str, opening: &str) -> Option<&'s str> {
    Some(text.split_once(opening)?.1.split_once('"')?.0)
}

/// What stands between an opening and the next quotation mark. Text has neither: its marks are escaped.
fn quoted<'s>(svg: &'s str, opening: &'static str) -> impl Iterator<Item = &'s str> {
    svg.split(opening).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0))
}

/// The picture for the inside of an HTML page: without its own style and metadata, and with links within the page.
pub fn inline(svg: &str) -> String {
    let mut parts = svg.split(LINK);
    let first = parts.next().unwrap_or_default().to_owned();
    let here = |part: &str| part.split_once('#').map_or_else(|| part.to_owned(), |(_, anchor)| format!("#{anchor}"));
    let svg = parts.fold(first, |page, part| page + LINK + &here(part));
    ["metadata", "style"].iter().fold(svg, |svg, name| {
        let (open, close) = (format!("<{name}>"), format!("</{name}>\n"));
        match (svg.find(&open), svg.find(&close)) {
            (Some(from), Some(to)) if from < to => format!("{}{}", &svg[..from], &svg[to + close.len()..]),
            _ => svg,
        }
    })
}

/// The picture as the address of an image, for a page that holds everything.
pub fn address(svg: &str) -> String {
    let mut address = "data:image/svg+xml,".to_owned();
    for c in svg.chars() {
        match c {
            '%' => address.push_str("%25"),
            '#' => address.push_str("%23"),
            '"' => address.push_str("%22"),
            '<' => address.push_str("%3C"),
            '>' => address.push_str("%3E"),
            ' ' => address.push_str("%20"),
            '\n' => address.push_str("%0A"),
            '\r' | '\t' => {}
            _ => address.push(c),
        }
    }
    address
}

/// Text made safe for XML: entities for the five marks, nothing for characters that XML forbids.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            '\t' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}
