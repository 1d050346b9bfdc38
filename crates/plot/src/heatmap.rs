//! Heat maps: cells on a grid from rows of x, y, z, their colours, and the colour bar.
//! It does not know where its panel stands in the picture.

use crate::chart::{Colors, Spacing};
use crate::clip::{Area, Point};
use crate::colormap;
use crate::png::Picture;
use crate::scale::{Scale, Tick};
use condense_base::frame::calendar;

/// Width of a colour bar and its distance from the panel, in px.
pub const BAR: f64 = 12.0;

/// From so many cells on a heat map is one embedded picture; so many pixels are the most that makes sense.
const MANY_CELLS: usize = 200;
const MOST_PIXELS: usize = 1 << 20;

/// Cells of a grid, not necessarily all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// Borders between columns, ascending, one more than there are columns.
    across: Vec<f64>,
    /// Borders between rows.
    up: Vec<f64>,
    /// Column, row and value of each cell, row by row.
    cells: Vec<(usize, usize, f64)>,
    /// How values become colours.
    pub bar: Bar,
    /// Cells that lead somewhere.
    pub leads: Vec<Lead>,
}

/// A cell that leads to the panel of a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    /// The cell's centre.
    pub centre: Point,
    /// Its value.
    pub value: f64,
    /// The panel's anchor.
    pub anchor: String,
}

/// What a colour bar shows. Equal bars of neighbouring panels are drawn once.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    colors: Colors,
    range: [f64; 2],
    /// What the colours mean.
    pub label: Option<String>,
}

impl Heat {
    /// A grid from cell centres; borders lie halfway between neighbours, on the axis as it is drawn. A cell whose value is
    /// missing has its place and no colour.
    ///
    /// # Errors
    /// Two cells at one place, or values too far apart to colour.
    pub fn new(
        centres: &[Point],
        values: &[Option<f64>],
        spacing: [Spacing; 2],
        colors: Colors,
        fixed: [Option<f64>; 2],
        label: Option<String>,
    ) -> Result<Self, String> {
        let [across, up] = [0, 1].map(|axis| grid(centres.iter().map(|centre| centre[axis]).collect(), spacing[axis]));
        if (spacing[0] == Spacing::Log && across[0] <= 0.0) || (spacing[1] == Spacing::Log && up[0] <= 0.0) {
            return Err("a cell at or below 0 cannot stand on a log axis".into());
        }
        // Lines of the grid are the least of the centres that they stand for.
        let line = |grid: &[f64], at: f64| grid.partition_point(|&line| line <= at) - 1;
        let place = |([x, y], z): (&Point, &Option<f64>)| (line(&across, *x), line(&up, *y), *z);
        let mut cells: Vec<(usize, usize, Option<f64>)> = centres.iter().zip(values).map(place).collect();
        cells.sort_by_key(|&(column, row, _)| (row, column));
        if let Some(pair) = cells.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
            let (x, y) = (across[pair[0].0], up[pair[0].1]);
            return Err(format!("two cells of the heat map stand at ({x}, {y}): add a `where`"));
        }
        let cells: Vec<_> = cells.into_iter().filter_map(|(column, row, value)| Some((column, row, value?))).collect();
        let range = range(colors, &values.iter().flatten().copied().collect::<Vec<_>>(), fixed)?;
        let [across, up] = [borders(&across, spacing[0]), borders(&up, spacing[1])];
        Ok(Self { across, up, cells, bar: Bar { colors, range, label }, leads: Vec::new() })
    }

    /// A cell in px.
    fn cell(&self, [column, row]: [usize; 2], area: &Area, x: &Scale, y: &Scale) -> Area {
        let px = |value: f64| (area.left + x.place(value) * area.width()).clamp(area.left, area.right);
        let py = |value: f64| (area.bottom - y.place(value) * area.height()).clamp(area.top, area.bottom);
        let [left, right] = [px(self.across[column]), px(self.across[column + 1])];
        let [bottom, top] = [py(self.up[row]), py(self.up[row + 1])];
        Area { left, top, right, bottom }
    }

    /// The cells that lead somewhere, in px.
    pub fn ways(&self, area: &Area, x: &Scale, y: &Scale) -> Vec<(Area, &Lead)> {
        let within = |borders: &[f64], at: f64| borders.partition_point(|border| *border <= at).saturating_sub(1);
        let cell = |lead: &Lead| [within(&self.across, lead.centre[0]), within(&self.up, lead.centre[1])];
        self.leads.iter().map(|lead| (self.cell(cell(lead), area, x, y), lead)).collect()
    }

    /// The outer borders.
    pub fn extent(&self) -> [Vec<f64>; 2] {
        [&self.across, &self.up].map(|line| vec![line[0], line[line.len() - 1]])
    }

    /// The cells as one picture, if they are many and equally large; missing ones stay clear.
    pub fn picture(&self, x: &Scale, y: &Scale) -> Option<Picture> {
        let (columns, rows) = (self.across.len() - 1, self.up.len() - 1);
        let even = |scale: &Scale, borders: &[f64]| {
            let places: Vec<f64> = borders.iter().map(|&border| scale.place(border)).collect();
            let count = borders.len() as f64 - 1.0;
            let near = |(at, place): (usize, &f64)| (place - at as f64 / count).abs() < 1e-3 / count.sqrt();
            places.iter().enumerate().all(near)
        };
        if self.cells.len() < MANY_CELLS || columns * rows > MOST_PIXELS || !even(x, &self.across) || !even(y, &self.up)
        {
            return None;
        }
        let mut pixels = vec![None; columns * rows];
        for &(column, row, value) in &self.cells {
            pixels[(rows - 1 - row) * columns + column] = Some(self.bar.color(value));
        }
        Some(Picture { columns, pixels })
    }

    /// The cells in px with their colours; equal neighbours of a row are one.
    pub fn blocks(&self, area: &Area, x: &Scale, y: &Scale) -> Vec<(Area, u32)> {
        let mut blocks: Vec<(Area, u32)> = Vec::new();
        for &(column, row, value) in &self.cells {
            let (cell, color) = (self.cell([column, row], area, x, y), self.bar.color(value));
            match blocks.last_mut() {
                Some((last, same)) if *same == color && last.right == cell.left && last.top == cell.top => {
                    last.right = cell.right;
                }
                _ => blocks.push((cell, color)),
            }
        }
        blocks.retain(|(block, _)| block.width() > 0.0 && block.height() > 0.0);
        blocks
    }
}

impl Bar {
    /// The colour of a value.
    fn color(&self, value: f64) -> u32 {
        let [low, high] = self.range;
        let t = match self.colors {
            Colors::Steps => (value.round() - low) / (high - low).max(1.0),
            _ => (value - low) / (high - low),
        };
        colormap::color(self.colors, colormap::snapped(t, self.levels()))
    }

    fn levels(&self) -> usize {
        match self.colors {
            Colors::Steps => (self.range[1] - self.range[0]) as usize + 1,
            _ => colormap::LEVELS,
        }
    }

    /// Ticks beside the bar.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        let mut ticks = self.scale().ticks(most);
        if self.colors == Colors::Steps {
            ticks.retain(|tick| tick.value == tick.value.round());
        }
        ticks
    }

    /// From values to places on the bar; a step stands around its whole number.
    pub fn scale(&self) -> Scale {
        let half = if self.colors == Colors::Steps { 0.5 } else { 0.0 };
        Scale::exactly(self.range[0] - half, self.range[1] + half)
    }

    /// The coloured blocks of the bar, from bottom to top of `frame`.
    pub fn blocks(&self, frame: &Area) -> Vec<(Area, u32)> {
        let levels = self.levels().max(1);
        let edge = |at: usize| frame.bottom - frame.height() * at as f64 / levels as f64;
        let [low, high] = self.range;
        let value = |at: usize| low + (high - low) * at as f64 / (levels.max(2) - 1) as f64;
        let block = |at: usize| (Area { top: edge(at + 1), bottom: edge(at), ..*frame }, self.color(value(at)));
        (0..levels).map(block).collect()
    }
}

/// The values at the two ends of the colours: fixed, or of the data; symmetric about 0 for a diverging map.
fn range(colors: Colors, values: &[f64], [min, max]: [Option<f64>; 2]) -> Result<[f64; 2], String> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let [low, high] = match (colors, min, max) {
        (_, Some(min), Some(max)) => [min, max],
        (Colors::Diverging, _, _) => {
            let most = min.or(max).map_or(low.abs().max(high.abs()), f64::abs);
            [-most, most]
        }
        _ => [min.unwrap_or(low), max.unwrap_or(high)],
    };
    let [low, high] = if colors == Colors::Steps { [low.round(), high.round()] } else { [low, high] };
    if !values.iter().chain(&min).chain(&max).all(|value| value.abs() < 1e290) {
        return Err("a value is too large to colour".into());
    }
    if colors == Colors::Steps && high - low > 24.0 {
        return Err(format!("`steps` shows at most 25 whole numbers, here are {low} to {high}"));
    }
    let flat = high - low <= low.abs().max(high.abs()) * 1e-12 || high - low < 1e-290;
    Ok(match colors {
        Colors::Steps => [low, high.max(low)],
        _ if flat => [low - 0.5 * low.abs().max(1.0), low + 0.5 * low.abs().max(1.0)],
        _ => [low, high],
    })
}

/// The lines of a grid through centres, ascending. Centres that differ by the noise of their computation, as 0.3 and
/// 0.1 + 0.1 + 0.1 do, are on one line: it stands at the least of them.
fn grid(mut centres: Vec<f64>, spacing: Spacing) -> Vec<f64> {
    centres.sort_by(f64::total_cmp);
    let (low, high) = (centres[0], centres[centres.len() - 1]);
    let noise = 1e-9 * (high - low) + 1e-13 * low.abs().max(high.abs());
    centres.dedup_by(|next, line| {
        let noise = if spacing == Spacing::Log { 1e-9 * line.abs() } else { noise };
        *next - *line <= noise
    });
    centres
}

fn borders(centres: &[f64], spacing: Spacing) -> Vec<f64> {
    let between = |a: f64, b: f64| match spacing {
        Spacing::Linear | Spacing::Angle | Spacing::Time => a + (b - a) / 2.0,
        Spacing::Log => a.sqrt() * b.sqrt(),
    };
    let beyond = |a: f64, inner: f64| match spacing {
        Spacing::Linear | Spacing::Angle | Spacing::Time => a - (inner - a),
        Spacing::Log => a * (a / inner),
    };
    let (first, last) = (centres[0], centres[centres.len() - 1]);
    if centres.len() == 1 {
        return match spacing {
            Spacing::Linear | Spacing::Angle => vec![first - 0.5, first + 0.5],
            Spacing::Time => vec![first - calendar::DAY / 2.0, first + calendar::DAY / 2.0],
            Spacing::Log => vec![first / 2.0, first * 2.0],
        };
    }
    let inner: Vec<f64> = centres.windows(2).map(|pair| between(pair[0], pair[1])).collect();
    let (low, high) = (beyond(first, inner[0]), beyond(last, inner[inner.len() - 1]));
    std::iter::once(low).chain(inner).chain(std::iter::once(high)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0 };

    fn heat(colors: Colors, cells: &[[f64; 3]], fixed: [Option<f64>; 2]) -> Result<Heat, String> {
        let centres: Vec<Point> = cells.iter().map(|[x, y, _]| [*x, *y]).collect();
        let values: Vec<Option<f64>> = cells.iter().map(|cell| Some(cell[2]).filter(|z| !z.is_nan())).collect();
        Heat::new(&centres, &values, [Spacing::Linear, Spacing::Log], colors, fixed, None)
    }

    #[test]
    fn borders_lie_halfway_on_each_kind_of_axis() {
        assert_eq!(borders(&[0.0, 1.0, 3.0], Spacing::Linear), [-0.5, 0.5, 2.0, 4.0]);
        assert_eq!(borders(&[1.0, 4.0], Spacing::Log), [0.5, 2.0, 8.0]);
    }

    #[test]
    fn equal_neighbours_of_a_row_become_one_block() {
        let heat =
            heat(Colors::Viridis, &[[2.0, 1.0, 0.0], [0.0, 1.0, 5.0], [1.0, 1.0, 5.0]], [None; 2]).expect("a grid");
        let [x, y] = [Scale::exactly(-0.5, 2.5), Scale::exactly(0.0, 2.0)];
        let blocks = heat.blocks(&AREA, &x, &y);
        assert_eq!(blocks.iter().map(|(_, color)| *color).collect::<Vec<_>>(), [0xfde725, 0x440154]);
        assert!((blocks[0].0.right - 200.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_diverging_map_has_its_white_at_zero() {
        let heat =
            heat(Colors::Diverging, &[[0.0, 1.0, -0.2], [1.0, 1.0, 0.8], [2.0, 1.0, 0.0]], [None; 2]).expect("a grid");
        assert_eq!(heat.bar.range, [-0.8, 0.8]);
        assert_eq!(heat.bar.color(0.0), 0xf7f7f7);
    }

    #[test]
    fn steps_have_one_block_and_one_tick_per_whole_number() {
        let bar = heat(Colors::Steps, &[[0.0, 1.0, 1.0], [1.0, 1.0, 4.0]], [None; 2]).expect("a grid").bar;
        assert_eq!(bar.blocks(&AREA).len(), 4);
        assert_eq!(bar.ticks(6).iter().map(|tick| tick.value).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0]);
        assert!(heat(Colors::Steps, &[[0.0, 1.0, 0.0], [1.0, 1.0, 99.0]], [None; 2]).is_err());
    }

    #[test]
    fn double_cells_are_refused() {
        let fault = heat(Colors::Viridis, &[[0.0, 1.0, 0.0], [0.0, 1.0, 2.0]], [None; 2]).unwrap_err();
        assert_eq!(fault, "two cells of the heat map stand at (0, 1): add a `where`");
    }

    /// Once such centres stood side by side, with cells of no width between them, or there was no cell at all.
    #[test]
    fn centres_that_differ_by_noise_are_on_one_line_of_the_grid() {
        let noisy = 0.1 + 0.1 + 0.1;
        assert_ne!(noisy, 0.3);
        assert_eq!(grid(vec![0.1, noisy, 0.2, 0.3], Spacing::Linear), [0.1, 0.2, 0.3]);
        assert_eq!(grid(vec![noisy, 0.3], Spacing::Linear), [0.3], "a row of one");
        assert_eq!(grid(vec![0.0, -0.3 + noisy, 0.5], Spacing::Linear).len(), 2, "around 0");
        assert_eq!(grid(vec![1e-9, 1e-8, 1.0], Spacing::Log).len(), 3, "on a log axis what counts is the ratio");
        assert_eq!(grid(vec![1e-9, 1e-9 * (1.0 + 1e-12), 1.0], Spacing::Log).len(), 2);
        assert_eq!(grid(vec![1.7e9, 1.7e9 + 1.0], Spacing::Time).len(), 2, "seconds apart, in our days");
        let fault = heat(Colors::Viridis, &[[0.3, 1.0, 0.0], [noisy, 1.0, 2.0]], [None; 2]).unwrap_err();
        assert_eq!(fault, "two cells of the heat map stand at (0.3, 1): add a `where`");
    }

    #[test]
    fn a_cell_without_a_value_has_its_place_and_no_colour() {
        let heat = heat(Colors::Viridis, &[[0.0, 1.0, 1.0], [1.0, 1.0, f64::NAN], [2.0, 1.0, 3.0]], [None; 2]);
        let heat = heat.expect("a grid");
        assert_eq!((heat.cells.len(), &heat.across[..], heat.bar.range), (2, &[-0.5, 0.5, 1.5, 2.5][..], [1.0, 3.0]));
    }
}
