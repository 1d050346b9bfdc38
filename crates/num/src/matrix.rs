//! Matrices as views of slices: row after row, with a stride from one row to the next, and perhaps seen transposed.
//! It knows no arithmetic; see [`product`](crate::product).

/// A matrix to read.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    stride: usize,
    turned: bool,
}

impl<'a, T> Matrix<'a, T> {
    /// Rows that follow one another without a gap.
    ///
    /// # Panics
    /// When the slice has another length than `rows * cols`.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a matrix of {rows} × {cols}");
        Self { data, rows, cols, stride: cols, turned: false }
    }

    /// Rows that begin every `stride` numbers.
    ///
    /// # Panics
    /// When the rows overlap, or the slice ends before the last of them.
    pub fn strided(data: &'a [T], rows: usize, cols: usize, stride: usize) -> Self {
        fits(data.len(), rows, cols, stride);
        Self { data, rows, cols, stride, turned: false }
    }

    /// The same numbers, seen transposed.
    #[must_use]
    pub fn t(self) -> Self {
        Self { rows: self.cols, cols: self.rows, turned: !self.turned, ..self }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// From one row in memory to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Whether neighbours in memory are neighbours in a column.
    pub fn is_turned(&self) -> bool {
        self.turned
    }

    /// The numbers in memory from entry (`row`, `col`) on.
    pub fn from(&self, row: usize, col: usize) -> &'a [T] {
        let (line, place) = if self.turned { (col, row) } else { (row, col) };
        &self.data[line * self.stride + place..]
    }
}

/// A matrix to write on.
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    stride: usize,
}

impl<'a, T> MatrixMut<'a, T> {
    /// As [`Matrix::new`].
    ///
    /// # Panics
    /// When the slice has another length than `rows * cols`.
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a matrix of {rows} × {cols}");
        Self { data, rows, cols, stride: cols }
    }

    /// As [`Matrix::strided`].
    ///
    /// # Panics
    /// When the rows overlap, or the slice ends before the last of them.
    pub fn strided(data: &'a mut [T], rows: usize, cols: usize, stride: usize) -> Self {
        fits(data.len(), rows, cols, stride);
        Self { data, rows, cols, stride }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// `count` entries of a row, from `col` on.
    #[inline(always)]
    pub fn part(&mut self, row: usize, col: usize, count: usize) -> &mut [T] {
        let start = row * self.stride + col;
        &mut self.data[start..start + count]
    }
}

fn fits(len: usize, rows: usize, cols: usize, stride: usize) {
    assert!(cols <= stride || rows <= 1, "rows of {cols} overlap with stride {stride}");
    let end = rows.checked_sub(1).map_or(0, |before| before * stride + cols);
    assert!(len >= end, "a matrix of {rows} × {cols} with stride {stride} ends at {end}, but there are {len} numbers");
}
