//! From a chart block and named tables of numbers to one SVG, or one table.
//! It knows no experiments, no pages and no files.
//!
//! `chart` is what an author writes, `check` what is wrong with it whatever the numbers. `bind` looks up every name in it,
//! once: `facet` repeats panels, and each layer gets its columns. `draw` takes what is bound: `panel` puts the numbers on
//! axes (`series`, `heatmap`, `table`, on a `scale`), `layout` gives each its place, and `axes`, `marks` and `legend` put
//! them there with a `pen`, which draws through plotters on our own back end, `svg`.
pub mod axes;
pub mod bind;
pub mod bound;
pub mod chart;
pub mod check;
pub mod clip;
pub mod colormap;
pub mod dates;
pub mod draw;
pub mod facet;
pub mod fault;
pub mod heatmap;
pub mod layout;
pub mod legend;
pub mod look;
pub mod marks;
pub mod panel;
pub mod path;
pub mod pen;
pub mod png;
pub mod position;
pub mod scale;
pub mod series;
pub mod strip;
pub mod summary;
pub mod svg;
pub mod table;
pub mod text;
pub mod words;
