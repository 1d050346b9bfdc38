//! Lists the experiments, with the fingerprints of the code they reach.

fn main() {
    condense_build::roster();
}
