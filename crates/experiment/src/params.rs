//! Parameters, declared once: name, type, default, what is asked of them, and what they mean.
//! It knows no experiment. What is asked of several parameters together stands in the experiment's `check`.

use crate::Demands;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One parameter as it was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its key.
    pub name: &'static str,
    /// What it means: its doc comment.
    pub doc: &'static str,
}

/// The parameters of an experiment, as [`params!`](params) defines them.
pub trait Parameters: DeserializeOwned + Serialize + Default {
    /// Every parameter, in the order of declaration.
    const DECLARED: &'static [Parameter];

    /// What is asked of each parameter alone.
    fn demands(&self) -> Demands;
}

/// Defines a struct of parameters with their docs, types and defaults. After the default of each may stand what is asked of
/// it alone: a method of [`Demands`] and its arguments.
///
/// Unknown keys are refused, and keys that are left out have their defaults.
///
/// ```ignore
/// params! {
///     /// Settings.
///     pub struct Params {
///         /// Hidden neurons.
///         pub width: usize = 100, at_least 1;
///         /// Learning rate.
///         pub rate: f64 = 0.1, above 0.0;
///         /// Neurons whose cosine is above this point the same way.
///         pub cosine: f64 = 0.995, within 0.0..1.0;
///         /// Steps at which the network is looked at.
///         pub steps: Vec<usize> = vec![10, 100], such_that |steps| steps.is_sorted(), "must ascend";
///     }
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __params {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {$(
        $(#[doc = $doc:literal])+
        $part_vis:vis $part:ident: $type:ty = $default:expr $(, $demand:ident $($argument:expr),*)?;
    )+}) => {
        $(#[$meta])*
        #[derive(Clone, Debug, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $vis struct $name {$(
            $(#[doc = $doc])+
            $part_vis $part: $type,
        )+}

        impl Default for $name {
            fn default() -> Self {
                Self { $($part: $default),+ }
            }
        }

        impl $crate::params::Parameters for $name {
            const DECLARED: &'static [$crate::params::Parameter] = &[$(
                $crate::params::Parameter { name: stringify!($part), doc: concat!($($doc),+).trim_ascii() },
            )+];

            fn demands(&self) -> $crate::Demands {
                $crate::Demands::of(Self::DECLARED)
                    $($(.$demand(stringify!($part), &self.$part $(, $argument)*))?)+
            }
        }
    };
}
pub use __params as params;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    params! {
        /// Settings.
        pub struct Params {
            /// Hidden neurons,
            /// m.
            pub width: usize = 32, at_least 1;
            /// Free.
            pub name: String = "tanh".to_owned();
            /// Learning rate.
            pub rate: f64 = 0.1, above 0.0;
            /// Steps.
            pub steps: Vec<usize> = vec![1, 2], such_that |steps| steps.is_sorted(), "must ascend";
            /// A bound.
            pub cosine: f64 = 0.5, within 0.0..1.0;
        }
    }

    #[test]
    fn a_declaration_has_names_docs_and_defaults() {
        let names: Vec<_> = Params::DECLARED.iter().map(|parameter| parameter.name).collect();
        assert_eq!(names, ["width", "name", "rate", "steps", "cosine"]);
        assert_eq!(Params::DECLARED[0].doc, "Hidden neurons, m.");
        let defaults = json!({ "width": 32, "name": "tanh", "rate": 0.1, "steps": [1, 2], "cosine": 0.5 });
        assert_eq!(serde_json::to_value(Params::default()).expect("plain fields"), defaults);
        assert!(Params::default().demands().faults().is_empty());
    }

    #[test]
    fn keys_that_are_left_out_have_defaults_and_unknown_ones_are_refused() {
        let params: Params = serde_json::from_value(json!({ "width": 3 })).expect("a width");
        assert_eq!((params.width, params.rate), (3, 0.1));
        let said = serde_json::from_value::<Params>(json!({ "widht": 3 })).expect_err("unknown").to_string();
        assert!(said.contains("unknown field `widht`"), "{said}");
    }

    #[test]
    fn faults_stand_in_the_order_of_declaration_whoever_found_them() {
        let broken = Params { width: 0, rate: f64::NAN, steps: vec![2, 1], cosine: 1.0, ..Params::default() };
        let faults =
            broken.demands().holds("width", false, "must be even").holds("name", false, "must be short").faults();
        let said: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.key, fault.message)).collect();
        let expected = [
            "width must be at least 1",
            "width must be even",
            "name must be short",
            "rate must be above 0",
            "steps must ascend",
            "cosine must lie in [0, 1)",
        ];
        assert_eq!(said, expected);
    }
}
