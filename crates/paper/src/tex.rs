//! TeX formulas as MathML Core, so that a page needs neither script nor network to show them.
//! It knows nothing of the text around a formula.

use std::ops::Range;

use math_core::{LatexToMathML, MathDisplay};

use crate::mathml;

/// How many commands, groups and scripts a formula may have. The converter recurses into each; in 2 MB of stack it
/// stands about 500 levels, and a page must not end the program. The longest formula of the deck has about 100.
const PARTS: usize = 400;

/// Why a formula cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TexFault {
    /// Bytes of the TeX.
    pub span: Range<usize>,
    /// One sentence, lower case.
    pub message: String,
}

/// The `<math>` element of a formula, or several between which a line may break; `display` asks for the large form that
/// stands on its own line.
pub fn mathml(tex: &str, display: bool) -> Result<String, TexFault> {
    let fault = |span, reason: &str| {
        Err(TexFault { span, message: format!("cannot set the formula `{}`: {reason}", tex.trim()) })
    };
    if let Some((at, part)) = tex.match_indices(['\\', '{', '^', '_']).nth(PARTS) {
        return fault(at..at + part.len(), "it has too many parts, split it");
    }
    let form = if display { MathDisplay::Block } else { MathDisplay::Inline };
    match LatexToMathML::default().convert_with_local_state(tex, form) {
        Ok(set) => Ok(mathml::breakable(&mathml::styled(&set.mathml))),
        Err(error) => fault(error.0.clone(), &lower(&error.error_message())),
    }
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Formulas of the deck, each with what its MathML must contain.
    const DECK: &[(&str, &[&str])] = &[
        (r"a_j(0), w_j(0), b_j(0) \sim N(0, \sigma^2)", &["<msub>", "∼", "<msup>"]),
        (
            r"D(u_1, u_2) = \frac{u_1^{\mathsf{T}} u_2}{(u_1^{\mathsf{T}} u_1)^{1/2} (u_2^{\mathsf{T}} u_2)^{1/2}}",
            &["<mfrac>", "<msubsup>", "𝖳"],
        ),
        (
            r"A_{\theta}(X) = \sum_{i=1}^{h} \operatorname{softmax}_{\mathrm{row}} \left(\frac{XW_{Q_i}W_{K_i}^{\top}X^{\top}}{\sqrt{d}}\right) XW_{V_i}W_{O_i}^{\top}",
            &["<munderover>", "∑", "softmax", "<msqrt>", "⊤"],
        ),
        (
            r"f^{\alpha}_{\boldsymbol{\theta}}(\boldsymbol{x}) = \frac{1}{\alpha} \sum_{k=1}^{m} a_k \sigma(\boldsymbol{w}_k^{\mathsf{T}} \boldsymbol{x})",
            &["𝜽", "𝒙", "𝒘", "∑"],
        ),
        (
            r"\bar{a}_{k} = \beta_1^{-1} a_{k}, \quad \bar{\boldsymbol{w}}_{k} = \beta_{2}^{-1} \boldsymbol{w}_{k}, \quad \bar{t} = \frac{1}{\beta_{1}\beta_{2}} t",
            &["<mover", "𝒘"],
        ),
        (
            r"\frac{\mathrm{d}\bar{\boldsymbol{w}}_{k}}{\mathrm{d}\bar{t}} = -\kappa' \frac{1}{n} \sum_{i=1}^{n} \kappa \bar{a}_{k} \sigma'(\bar{\boldsymbol{w}}_{k}^{\mathsf{T}} \boldsymbol{x}_{i}) \boldsymbol{x}_{i} \left(\kappa \sum_{k'=1}^{m} \bar{a}_{k'} \sigma(\bar{\boldsymbol{w}}_{k'}^{\mathsf{T}} \boldsymbol{x}_{i}) - y_{i}\right)",
            &["<mfrac>", "′", "∑", "𝒙"],
        ),
        (
            r"\kappa := \frac{\beta_1 \beta_2}{\alpha}, \quad \gamma = \lim_{m \to \infty} -\frac{\log \kappa}{\log m}",
            &["<munder>", "lim", "∞", "log"],
        ),
        (
            r"\lim_{m \to +\infty} \sup_{t \in [0, +\infty)} \operatorname{RD}(\boldsymbol{\theta}_{\boldsymbol{w}}(t)) = 0",
            &["sup", "∈", "RD"],
        ),
        (r"\hat{f}(\xi) = \int_{-\infty}^{\infty} f(x)\, e^{-i \xi x} \,\mathrm{d}x", &["<mover", "∫", "ξ"]),
        (r"\begin{aligned} \kappa &= m^{-\gamma} \\ \kappa' &= m^{-\gamma'} \end{aligned}", &["<mtable", "<mtr>"]),
        (
            r"R(\theta) = \begin{cases} 1 & \text{if } \gamma > 1 \\ 0 & \text{otherwise} \end{cases}",
            &["<mtable", "otherwise"],
        ),
        (r"\|\theta\|_2^2 \le \mathbb{E}\,\mathcal{L}(\theta^*), \; \mathbb{R}^{d}", &["‖", "≤", "𝔼", "ℝ"]),
    ];

    #[test]
    fn every_formula_of_the_deck_is_set() {
        for (tex, parts) in DECK {
            let set = mathml(tex, true).unwrap_or_else(|fault| panic!("{}", fault.message));
            assert!(set.starts_with("<math display=\"block\">") && set.ends_with("</math>"), "{set}");
            for part in *parts {
                assert!(set.contains(part), "no `{part}` in {set}");
            }
            assert_eq!(balance(&set), 0, "{set}");
            assert!(!mathml(tex, false).expect("inline too").contains("display=\"block\""));
        }
    }

    fn balance(markup: &str) -> isize {
        let count = |what| markup.matches(what).count() as isize;
        count("<") - 2 * count("</") - count("/>") - count("<wbr>")
    }

    #[test]
    fn a_mistake_is_named_and_placed() {
        let fault = mathml(r"a + \frob{x}", false).unwrap_err();
        assert_eq!(fault.span, 4..9);
        assert!(
            fault.message.starts_with(r"cannot set the formula `a + \frob{x}`: unknown command"),
            "{}",
            fault.message
        );
        for broken in [r"\frac{1}", "{x", "x^y^z", r"\left( x", "}", "\\", r"\begin{matrix}"] {
            assert!(mathml(broken, true).is_err(), "`{broken}` was set");
        }
    }

    #[test]
    fn no_nesting_ends_the_program() {
        for (open, close) in [("{", "}"), (r"\sqrt", ""), ("x^{", "}"), (r"\frac{1}{", "}"), (r"\left(", r"\right)")] {
            for levels in [100, 399, 5000] {
                let _ = mathml(&format!("{}x{}", open.repeat(levels), close.repeat(levels)), true);
            }
        }
        let fault = mathml(&"{".repeat(5000), true).unwrap_err();
        assert_eq!(fault.span, PARTS..PARTS + 1);
    }

    #[test]
    fn formulas_cannot_smuggle_markup() {
        let set = mathml(r"\text{<script>} < x", false).expect("formula");
        assert!(set.contains("&lt;script&gt;") && !set.contains("<script>"), "{set}");
    }
}
