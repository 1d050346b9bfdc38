//! A network at one moment of its training: its neurons, its loss, and how far it has condensed.
//! It knows nothing of what came before; [`ClusterOptions`] say what counts as one direction.

use crate::measures::measure::{Cluster, Direction, clusters, effective, features, sectors};
use crate::nets::packed::{Neuron, Packed};
use crate::training::stepwise::Stepwise as _;
use crate::training::train::Trainer;
use condense_experiment::{Context, Stop};

/// What counts as one direction.
#[derive(Clone, Copy, Debug)]
pub struct ClusterOptions {
    /// Whether opposite input weights point the same way.
    pub direction: Direction,
    /// Sectors behind the effective number of directions.
    pub sectors: usize,
    /// Neurons whose cosine is above this point the same way …
    pub cosine: f64,
    /// … and those below this share of the largest amplitude do not count.
    pub cut: f64,
}

/// What is seen of a network.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Steps taken.
    pub epoch: usize,
    /// The mean square error.
    pub loss: f64,
    /// The network.
    pub net: Packed<2>,
    /// Its neurons.
    pub neurons: Vec<Neuron<2>>,
    /// Its directions.
    pub clusters: Vec<Cluster<2>>,
    /// The [`effective`] number of directions.
    pub effective: f64,
    /// Orientation (radians) and relative amplitude of each neuron; see [`features`].
    pub features: Vec<[f64; 2]>,
}

impl Snapshot {
    /// The network as the trainer holds it.
    pub fn of(trainer: &Trainer<2>, options: &ClusterOptions) -> Self {
        let (net, neurons) = (trainer.net().clone(), trainer.net().neurons());
        Self {
            epoch: trainer.epoch(),
            loss: trainer.loss(),
            clusters: clusters(&neurons, options.direction, options.cosine, options.cut),
            effective: effective(&sectors(&neurons, options.direction, options.sectors)),
            features: features(&neurons, options.direction),
            net,
            neurons,
        }
    }

    /// Trains to each of the epochs in turn; stage 0 is the network before its next step, the others follow.
    ///
    /// # Errors
    /// As [`train_to`](crate::training::stepwise::Stepwise::train_to).
    pub fn trajectory(
        trainer: &mut Trainer<2>,
        epochs: &[usize],
        options: &ClusterOptions,
        ctx: &Context,
    ) -> Result<Vec<Self>, Stop> {
        let epochs = std::iter::once(trainer.epoch()).chain(epochs.iter().copied());
        trainer.trajectory(epochs, ctx, |trainer| Self::of(trainer, options))
    }

    /// The number of clusters.
    pub fn directions(&self) -> f64 {
        self.clusters.len() as f64
    }

    /// The share of the amplitude that the largest cluster holds.
    pub fn share(&self) -> f64 {
        self.clusters.iter().map(|cluster| cluster.share).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::activation::Activation;
    use crate::tasks::task::Samples;
    use crate::training::rule::Sgd;
    use condense_experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn three_neurons_on_two_lines_are_counted() {
        let neurons = [[3.0, 1.0], [-1.0, -1.0], [1.0, -1.0]].map(|[a, w]| Neuron { a, w: [w, 0.0] });
        let neurons = [&neurons[..], &[Neuron { a: 5.0, w: [0.0, 1.0] }]].concat();
        let rule = Sgd { rate: 0.1, momentum: 0.0 };
        let net = Packed::new(Activation::Tanh, &neurons);
        let mut trainer = Trainer::new(net, &Samples::of(|x| x, &[0.0]), rule);
        let options = ClusterOptions { direction: Direction::Line, sectors: 4, cosine: 0.9, cut: 0.01 };
        let stage = Snapshot::of(&trainer, &options);
        assert_eq!((stage.epoch, stage.directions(), stage.share(), stage.effective), (0, 2.0, 0.5, 2.0));
        assert_eq!(Snapshot::of(&trainer, &ClusterOptions { direction: Direction::Ray, ..options }).directions(), 3.0);
        assert_eq!(stage.features.len(), 4);

        let inputs = BTreeMap::new();
        let stages =
            Snapshot::trajectory(&mut trainer, &[2, 5], &options, &Context::new(0, &inputs, &Inline)).expect("finite");
        assert_eq!(stages.iter().map(|stage| stage.epoch).collect::<Vec<_>>(), [0, 2, 5]);
        assert!(stages[2].loss < stages[1].loss && stages[1].loss < stages[0].loss);
    }
}
