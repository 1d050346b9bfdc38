//! Lists no experiments, but the code that draws, judges and writes pages; and tells the crate how it is compiled.

fn main() {
    condense_build::roster();
}
