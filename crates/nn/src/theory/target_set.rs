//! The target set of a two-layer tanh network: all parameters of a wide network whose output is that of a narrow one.
//! It knows no samples and no training.
//!
//! Functions `tanh(w·x)` of inputs `w ≠ 0` that differ by more than a sign are linearly independent (Fukumizu 1996; Zhang
//! et al., arXiv:2406.18035, lemma on tanh). So every point of the target set sorts the wide network's neurons into blocks
//! of one direction each: the blocks of the target's neurons, whose output weights sum to the target's; blocks of foreign
//! directions, whose output weights sum to 0; and neurons at the origin, whose output weights do not matter.

use crate::nets::tanh_net::TanhNet;
use condense_num::rng::Stream;
use ndarray::Array2;

/// What a block of neurons stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Neuron of the target with this number.
    Target(usize),
    /// A direction that the target does not have. Output weights are all 0 where it is silent; else they cancel.
    Foreign {
        /// Whether the output weights are 0.
        silent: bool,
    },
    /// Input weights 0.
    Origin {
        /// Whether the output weights are 0.
        silent: bool,
    },
}

/// A branch of the target set: the block of each wide neuron, and the role of each block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Block of each neuron; blocks are numbered in the order in which they appear.
    pub blocks: Vec<usize>,
    /// Role of each block.
    pub roles: Vec<Role>,
}

/// All branches of width `wide` for a target of `narrow` neurons: permutations of neurons count as different branches,
/// signs (`tanh` is odd) do not.
pub fn branches(wide: usize, narrow: usize) -> Vec<Branch> {
    let mut all = Vec::new();
    for blocks in partitions(wide) {
        let count = blocks.iter().max().map_or(0, |last| last + 1);
        let size = |block: usize| blocks.iter().filter(|own| **own == block).count();
        let mut found: Vec<Vec<Role>> = vec![Vec::new()];
        for block in 0..count {
            found = found.iter().flat_map(|roles| extended(roles, size(block), narrow)).collect();
        }
        let complete = |roles: &Vec<Role>| (0..narrow).all(|j| roles.contains(&Role::Target(j)));
        all.extend(found.into_iter().filter(complete).map(|roles| Branch { blocks: blocks.clone(), roles }));
    }
    all
}

/// Roles of the blocks so far, with every role that one more block of `size` neurons can have.
fn extended(roles: &[Role], size: usize, narrow: usize) -> Vec<Vec<Role>> {
    let targets = (0..narrow).map(Role::Target).filter(|role| !roles.contains(role));
    let foreign = [true, false].into_iter().filter(|silent| *silent || size > 1).map(|silent| Role::Foreign { silent });
    let taken = roles.iter().any(|role| matches!(role, Role::Origin { .. }));
    let origin = [true, false].into_iter().filter(|_| !taken).map(|silent| Role::Origin { silent });
    targets.chain(foreign).chain(origin).map(|role| [roles, &[role]].concat()).collect()
}

/// All partitions of `count` neurons into blocks, as lists of blocks in which every block appears after the one before.
fn partitions(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |lists, _| {
        let longer = |list: &Vec<usize>| {
            let next = list.iter().max().map_or(0, |last| last + 1);
            (0..=next).map(|block| [&list[..], &[block]].concat()).collect::<Vec<_>>()
        };
        lists.iter().flat_map(longer).collect()
    })
}

impl Branch {
    /// The model rank at a generic point of the branch, by the independence above, for `d` inputs: `d + 1` tangent functions
    /// for each direction that is heard, one for each that is silent, and the `d` inputs for loud neurons at the origin.
    pub fn rank(&self, d: usize) -> usize {
        let of_role = |role: &Role| match role {
            Role::Target(_) | Role::Foreign { silent: false } => d + 1,
            Role::Foreign { silent: true } => 1,
            Role::Origin { silent: false } => d,
            Role::Origin { silent: true } => 0,
        };
        self.roles.iter().map(of_role).sum()
    }

    /// A generic point of the branch: the wide network, with random shares, signs and foreign directions.
    pub fn point(&self, target: &TanhNet, rng: &mut Stream) -> TanhNet {
        let (m, d) = (self.blocks.len(), target.inputs());
        let (mut a, mut w) = (vec![0.0; m], Array2::zeros((m, d)));
        for (block, role) in self.roles.iter().enumerate() {
            let members: Vec<usize> = (0..m).filter(|&k| self.blocks[k] == block).collect();
            let (sum, silent, direction) = match *role {
                Role::Target(j) => (target.a[j], false, target.w.row(j).to_vec()),
                Role::Foreign { silent } => (0.0, silent, rng.normals(d, 1.0)),
                Role::Origin { silent } => (0.0, silent, vec![0.0; d]),
            };
            let mut left = sum;
            for (at, &k) in members.iter().enumerate() {
                let last = at + 1 == members.len() && !matches!(role, Role::Origin { .. });
                let own = if silent {
                    0.0
                } else if last {
                    left
                } else {
                    rng.normal()
                };
                left -= own;
                let sign = if rng.below(2) == 0 { 1.0 } else { -1.0 };
                a[k] = sign * own;
                w.row_mut(k).iter_mut().zip(&direction).for_each(|(w, u)| *w = sign * u);
            }
        }
        TanhNet::new(a, w)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deck_s_branches_of_two_neurons_are_found() {
        let all = branches(2, 1);
        // Q1: both at the target. Q2, Q3: one of them, the other silent somewhere; at the origin it may be loud, too.
        let with = |blocks: &[usize], roles: &[Role]| {
            all.iter().filter(|branch| branch.blocks == blocks && branch.roles == roles).count()
        };
        let (target, silent) = (Role::Target(0), Role::Foreign { silent: true });
        assert_eq!(with(&[0, 0], &[target]), 1);
        assert_eq!((with(&[0, 1], &[target, silent]), with(&[0, 1], &[silent, target])), (1, 1));
        assert_eq!(all.len(), 1 + 2 * 3, "and two origins for each of two neurons");
        assert_eq!(partitions(4).len(), 15, "Bell's number");
        assert!(branches(1, 2).is_empty(), "two neurons do not fit into one");
    }

    #[test]
    fn every_point_of_every_branch_has_the_target_s_output() {
        let mut rng = Stream::root(2).fork("branches");
        let target = TanhNet::random(2, 1.0, &[1.0, 1.0], &mut rng);
        let x = Array2::from_shape_fn((9, 2), |_| 2.0 * rng.normal());
        for branch in branches(4, 2) {
            let wide = branch.point(&target, &mut rng);
            for (f, g) in target.output(&x).into_iter().zip(wide.output(&x)) {
                assert!((f - g).abs() < 1e-13, "{branch:?}");
            }
        }
    }
}
