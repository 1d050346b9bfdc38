//! How large learning systems are: neurons of brains and parameters of language models, from two published tables.
//! It knows no training: it reads, fits two power laws, and compares sizes.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Column, Frame, Results};
use condense::num::math;
use condense::num::stats::{Fit, line_fit};

/// Neurons of brains (Herculano-Houzel 2009) and parameters of language models.
pub struct ScaleOfLearningSystems;

params! {
    /// There is nothing to set but where the tables are.
    pub struct Params {
        /// The table of brains: order, species, grams, neurons, source.
        pub brains: String = "data/brains.csv".to_owned();
        /// The table of language models: name, year, month, parameters, source.
        pub models: String = "data/language-models.csv".to_owned();
    }
}

impl Experiment for ScaleOfLearningSystems {
    type Params = Params;

    fn working_set(_: &Params) -> Option<usize> {
        // Two tables of a few rows, and curves through them.
        Some(10_000)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let brains = Table::read(&params.brains, ctx)?;
        let models = Table::read(&params.models, ctx)?;
        let mut results = Results::default();
        of_brains(&brains, &mut results)?;
        of_models(&models, &mut results)?;
        results.value("rows", (brains.frame.rows() + models.frame.rows()) as f64);
        let sources = brains.words("source")?.iter().chain(models.words("source")?);
        results.value("rows.without.source", sources.filter(|source| source.is_empty()).count() as f64);
        Ok(results)
    }
}

fn of_brains(brains: &Table, results: &mut Results) -> Result<(), Stop> {
    let (orders, species) = (brains.words("order")?, brains.words("species")?);
    let (grams, neurons) = (brains.numbers("grams")?, brains.numbers("neurons")?);
    let row = |name: &str| {
        species
            .iter()
            .position(|own| own == name)
            .ok_or_else(|| Stop::failed(format!("`{}` lacks `{name}`", brains.path)))
    };
    let (mouse, capybara, marmoset) = (row("mouse")?, row("capybara")?, row("marmoset")?);
    let (macaque, human) = (row("macaque")?, row("human")?);

    let (mut ends, mut masses, mut of_order) = (Vec::new(), Vec::new(), Vec::new());
    for order in ["rodent", "primate"] {
        // The human is left out of the fit, so that the line can be asked where he should stand.
        let members: Vec<usize> = (0..species.len()).filter(|&row| orders[row] == order).collect();
        let fit = power_law(&members, neurons, grams);
        let at = |count: f64| math::exp(fit.at(math::ln(count)));
        results.value(&format!("exponent.{order}s"), fit.slope);
        results.value(&format!("r2.{order}s"), fit.r2);
        match order {
            "primate" => results.value("human.mass.over.primates.line", grams[human] / at(neurons[human])),
            _ => results.value("rodent.kilograms.for.human.neurons", at(neurons[human]) / 1000.0),
        }
        for end in [neurons[mouse] / 2.0, neurons[human] * 2.0] {
            ends.push(end);
            masses.push(at(end));
            of_order.push(order);
        }
    }
    let fits = Frame::new().with_words("order", of_order).with("neurons", ends).with("grams", masses);
    results.frame("fits", fits);
    let table = Frame::new().with_words("order", orders.iter().cloned()).with_words("species", species.iter().cloned());
    results.frame("brains", table.with("grams", grams).with("neurons", neurons));

    results.value("neurons.mouse", neurons[mouse]);
    results.value("neurons.human", neurons[human]);
    results.value("neurons.human.over.mouse", neurons[human] / neurons[mouse]);
    results.value("decade.mouse", math::log10(neurons[mouse]).round());
    results.value("decade.human", math::log10(neurons[human]).round());
    results.value("neurons.capybara.over.mouse", neurons[capybara] / neurons[mouse]);
    results.value("grams.capybara.over.mouse", grams[capybara] / grams[mouse]);
    results.value("neurons.macaque.over.marmoset", neurons[macaque] / neurons[marmoset]);
    results.value("grams.macaque.over.marmoset", grams[macaque] / grams[marmoset]);
    Ok(())
}

fn of_models(models: &Table, results: &mut Results) -> Result<(), Stop> {
    let names = models.words("name")?;
    let (years, months) = (models.numbers("year")?, models.numbers("month")?);
    let parameters = models.numbers("parameters")?;
    let dates: Vec<f64> = years.iter().zip(months).map(|(year, month)| year + (month - 0.5) / 12.0).collect();
    let all: Vec<usize> = (0..names.len()).collect();
    let logs: Vec<f64> = all.iter().map(|&row| math::log10(parameters[row])).collect();
    results.value("parameters.decades.a.year", line_fit(&dates, &logs).slope);
    let largest = |year: f64| {
        let of_year = all.iter().filter(|&&row| years[row] == year).map(|&row| parameters[row]);
        of_year.fold(f64::NAN, f64::max)
    };
    results.value("parameters.growth", largest(2021.0) / largest(2018.0));
    results.value("parameters.largest", parameters.iter().copied().fold(f64::NAN, f64::max));
    let table = Frame::new().with_words("name", names.iter().cloned());
    results.frame("models", table.with("date", dates).with("parameters", parameters));
    Ok(())
}

/// Fits `ln y = slope ln x + intercept` over some rows.
fn power_law(rows: &[usize], x: &[f64], y: &[f64]) -> Fit {
    let logs = |values: &[f64]| rows.iter().map(|&row| math::ln(values[row])).collect::<Vec<f64>>();
    line_fit(&logs(x), &logs(y))
}

/// A table that remembers where it came from, for its errors.
struct Table<'p> {
    path: &'p str,
    frame: Frame,
}

impl<'p> Table<'p> {
    fn read(path: &'p str, ctx: &Context) -> Result<Self, Stop> {
        let text = std::str::from_utf8(ctx.input(path)?);
        let text = text.map_err(|_| Stop::failed(format!("`{path}` is not UTF-8 text")))?;
        let frame = Frame::from_csv(text).map_err(|why| Stop::failed(format!("`{path}`: {why}")))?;
        Ok(Self { path, frame })
    }

    fn numbers(&self, name: &str) -> Result<&[f64], Stop> {
        let column = self.frame.numbers(name);
        column.ok_or_else(|| Stop::failed(format!("`{}` needs a column `{name}` of numbers", self.path)))
    }

    fn words(&self, name: &str) -> Result<&[String], Stop> {
        match self.frame.column(name) {
            Some(Column::Words(words)) => Ok(words),
            _ => Err(Stop::failed(format!("`{}` needs a column `{name}` of words", self.path))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    const MODELS: &str = "name,year,month,parameters,source\na,2018,6,10,x\nb,2018,7,20,x\nc,2021,1,4000,\n";

    fn run(brains: &str) -> Result<Results, Stop> {
        let inputs = BTreeMap::from([
            ("data/brains.csv".to_owned(), brains.as_bytes().to_vec()),
            ("data/language-models.csv".to_owned(), MODELS.as_bytes().to_vec()),
        ]);
        ScaleOfLearningSystems::run(&Params::default(), &Context::new(0, &inputs, &Inline))
    }

    #[test]
    fn exact_power_laws_are_found() {
        let brains = "order,species,grams,neurons,source\nrodent,mouse,1,1,x\nrodent,capybara,100,10,x\n\
                      primate,marmoset,1,2,x\nprimate,macaque,10,20,x\nhuman,human,700,1000,x\n";
        let results = run(brains).expect("complete tables");
        let value = |name: &str| results.values[name];
        assert!((value("exponent.rodents") - 2.0).abs() < 1e-14);
        assert!((value("exponent.primates") - 1.0).abs() < 1e-14);
        assert!((value("human.mass.over.primates.line") - 1.4).abs() < 1e-13);
        assert_eq!(
            [value("parameters.growth"), value("decade.human"), value("rows.without.source")],
            [200.0, 3.0, 1.0]
        );
        assert_eq!(results.fault(), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |brains| run(brains).unwrap_err().to_string();
        assert_eq!(error("order,species,neurons\na,b,1\n"), "`data/brains.csv` needs a column `grams` of numbers");
        assert_eq!(error("order,species,grams,neurons,source\na,b,1,1,x\n"), "`data/brains.csv` lacks `mouse`");
    }
}
