//! What networks learn from: functions, points and images.
pub mod dropout;
pub mod four_points;
pub mod images;
pub mod iris;
pub mod mnist;
pub mod one_head;
pub mod pretended;
pub mod products;
pub mod recovery;
pub mod spline_target;
pub mod task;
pub mod two_units;
