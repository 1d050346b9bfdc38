//! Fisher's Iris flowers: four lengths of each and its species, accepted by digest alone.
//! It opens no file: the figure declares it as its input.

use crate::nets::bias::with_bias;
use crate::tasks::mnist::hexadecimal;
use condense_experiment::{Context, Stop};
use ndarray::Array2;

/// The table.
pub const FILE: &str = "data/iris.csv";
/// The species, in the order of the outputs.
pub const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];
/// Lengths of a flower.
const LENGTHS: usize = 4;

/// The flowers: lengths in centimetres with a last input 1 (`n × 5`), and one-hot species (`n × 3`). The file must have that SHA-256 digest
/// (in hexadecimal).
///
/// # Errors
/// A file that is no input of the figure, has another digest, or is no such table.
pub fn flowers(ctx: &Context, sha256: &str) -> Result<(Array2<f64>, Array2<f64>), Stop> {
    let bytes = ctx.input(FILE)?;
    let found = hexadecimal(bytes);
    if found != sha256 {
        return Err(Stop::failed(format!("`{FILE}` holds other bytes: their SHA-256 is {found}, not {sha256}")));
    }
    let table = std::str::from_utf8(bytes).ok().and_then(parsed);
    table.ok_or_else(|| Stop::failed(format!("`{FILE}` is no table of four lengths and one of {SPECIES:?}")))
}

/// Rows below a line of heads.
fn parsed(text: &str) -> Option<(Array2<f64>, Array2<f64>)> {
    let (mut lengths, mut species) = (Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [numbers @ .., name] = fields.as_slice() else { return None };
        let class = SPECIES.iter().position(|known| known == name).filter(|_| numbers.len() == LENGTHS)?;
        for number in numbers {
            lengths.push(number.parse::<f64>().ok().filter(|length| length.is_finite())?);
        }
        species.push(class);
    }
    let lengths = Array2::from_shape_vec((species.len(), LENGTHS), lengths).ok()?;
    let one_hot = |(i, o): (usize, usize)| f64::from(u8::from(species[i] == o));
    Some((with_bias(&lengths), Array2::from_shape_fn((species.len(), SPECIES.len()), one_hot)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Inline;
    use ndarray::array;
    use std::collections::BTreeMap;

    const TWO: &str = "a,b,c,d,species\n5.1,3.5,1.4,0.2,setosa\n6,3,4.8,1.8,virginica\n";

    #[test]
    fn a_row_is_four_lengths_and_a_species() {
        let (x, y) = parsed(TWO).expect("a table");
        assert_eq!(x, array![[5.1, 3.5, 1.4, 0.2, 1.0], [6.0, 3.0, 4.8, 1.8, 1.0]]);
        assert_eq!(y, array![[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
        for wrong in ["h\n1,2,3,setosa", "h\n1,2,3,4,rose", "h\n1,2,x,4,setosa", "h\n1,2,inf,4,setosa", "h\n\n"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn another_file_is_refused() {
        let inputs = BTreeMap::from([(FILE.to_owned(), TWO.as_bytes().to_vec())]);
        let read = |digest: &str| flowers(&Context::new(0, &inputs, &Inline), digest);
        assert!(read(&hexadecimal(TWO.as_bytes())).is_ok());
        let said = read(&"0".repeat(64)).expect_err("refused").to_string();
        assert!(said.starts_with("`data/iris.csv` holds other bytes: their SHA-256 is "), "{said}");
    }
}
