//! Laws as experiment files write them.

use std::fmt;
use std::path::{Path, PathBuf};

use gilsim_policies::Span;
use rand_distr::{Gamma, Pareto, Weibull};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{LONGEST_RUN, Law, Unit, empirical};
use crate::workload::path::{KeyPath, SpecError};

/// A law of duration. A plain `"2ms"` is a constant; everything else is a table with one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum LawSpec {
    /// Always the same.
    Constant(Span),
    /// Memoryless.
    Exponential {
        /// Mean.
        mean: Span,
    },
    /// The logarithm is normal.
    LogNormal {
        /// Half of the draws are shorter.
        median: Span,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// A heavy tail: P(longer than t) = (scale / t)^shape.
    Pareto {
        /// Shortest draw.
        scale: Span,
        /// Weight of the tail: the smaller, the heavier. The mean is infinite up to 1.
        shape: f64,
    },
    /// P(longer than t) = exp(-(t / scale)^shape).
    Weibull {
        /// 63 % of the draws are shorter.
        scale: Span,
        /// Below 1: a heavy tail; 1: exponential; above: peaked.
        shape: f64,
    },
    /// Gamma; either by its mean or by its scale.
    Gamma {
        /// Number of exponential stages, not necessarily whole.
        shape: f64,
        /// Mean of the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<Span>,
        /// Mean of one stage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale: Option<Span>,
    },
    /// Every length between two bounds alike.
    Uniform {
        /// Shortest.
        low: Span,
        /// Longest.
        high: Span,
    },
    /// One of several laws, by weight.
    Mixture(Vec<Weighted>),
    /// Values that were measured, from a column of a CSV or Parquet file.
    Empirical {
        /// The file, relative to the experiment file.
        file: PathBuf,
        /// The column's name.
        column: String,
        /// The unit of its numbers.
        unit: Unit,
    },
}

/// A part of a mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// How likely it is, compared to the other parts.
    pub weight: f64,
    /// The law.
    pub law: LawSpec,
}

impl Serialize for LawSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(span) => span.serialize(serializer),
            law => Self::serialize(law, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LawSpec {
    /// By hand, because an untagged enum would lose the place of an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LawVisitor;
        impl<'de> Visitor<'de> for LawVisitor {
            type Value = LawSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"2ms\", or a law such as { exponential = { mean = \"2ms\" } }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LawSpec, E> {
                Span::deserialize(StrDeserializer::new(text)).map(LawSpec::Constant)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LawSpec, A::Error> {
                let law = LawSpec::deserialize(MapAccessDeserializer::new(&mut map))?;
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(law),
                    Some(_) => Err(A::Error::custom("a law is a table with a single key")),
                }
            }
        }
        deserializer.deserialize_any(LawVisitor)
    }
}

impl LawSpec {
    /// Makes the law ready to draw from. Files are looked up relative to `folder`.
    ///
    /// # Errors
    /// Names the parameter that makes no sense, or the file that can't be used.
    pub fn compile(&self, folder: &Path) -> Result<Law, SpecError> {
        let root = KeyPath::default();
        let nonsense = |key: &str| SpecError::value(root.key(key), "gives no law of duration");
        Ok(match self {
            Self::Constant(span) => {
                check_span(&root, *span)?;
                Law::Constant(*span)
            }
            Self::Exponential { mean } => {
                let at = root.key("exponential");
                Law::Exponential { mean_ns: positive_span(&at.key("mean"), *mean)? }
            }
            Self::LogNormal { median, sigma } => {
                let at = root.key("log_normal");
                let median_ns = positive_span(&at.key("median"), *median)?;
                if !(0.0..=10.0).contains(sigma) {
                    return Err(SpecError::value(at.key("sigma"), "must lie between 0 and 10"));
                }
                Law::log_normal(median_ns, *sigma).ok_or_else(|| nonsense("log_normal"))?
            }
            Self::Pareto { scale, shape } => {
                let at = root.key("pareto");
                let scale_ns = positive_span(&at.key("scale"), *scale)?;
                let shape = positive(&at.key("shape"), *shape)?;
                let law = Pareto::new(scale_ns, shape).map_err(|_| nonsense("pareto"))?;
                let mean_ns =
                    if shape > 1.0 { scale_ns * shape / (shape - 1.0) } else { f64::INFINITY };
                Law::Pareto { law, mean_ns }
            }
            Self::Weibull { scale, shape } => {
                let at = root.key("weibull");
                let scale_ns = positive_span(&at.key("scale"), *scale)?;
                let shape = shape_of(&at.key("shape"), *shape)?;
                let law = Weibull::new(scale_ns, shape).map_err(|_| nonsense("weibull"))?;
                let moment = |power: f64| libm::tgamma(1.0 + power / shape);
                let square_ns2 = scale_ns * scale_ns * moment(2.0);
                Law::Weibull { law, mean_ns: scale_ns * moment(1.0), square_ns2 }
            }
            Self::Gamma { shape, mean, scale } => {
                let at = root.key("gamma");
                let shape = shape_of(&at.key("shape"), *shape)?;
                let mean_ns = match (mean, scale) {
                    (Some(mean), None) => positive_span(&at.key("mean"), *mean)?,
                    (None, Some(scale)) => positive_span(&at.key("scale"), *scale)? * shape,
                    _ => return Err(SpecError::value(at, "needs either `mean` or `scale`")),
                };
                let law = Gamma::new(shape, mean_ns / shape).map_err(|_| nonsense("gamma"))?;
                let square_ns2 = mean_ns * mean_ns * (1.0 + 1.0 / shape);
                Law::Gamma { law, mean_ns, square_ns2 }
            }
            Self::Uniform { low, high } => {
                let at = root.key("uniform");
                check_span(&at.key("high"), *high)?;
                if low > high {
                    return Err(SpecError::value(at.key("low"), "must not exceed `high`"));
                }
                Law::Uniform { low: *low, high: *high }
            }
            Self::Mixture(parts) => {
                let at = root.key("mixture");
                let weights = parts.iter().map(|part| part.weight);
                let bounds = cumulate(&at, weights)?;
                let laws = parts.iter().enumerate().map(|(place, part)| {
                    part.law
                        .compile(folder)
                        .map_err(|error| error.under(&at.index(place).key("law")))
                });
                Law::Mixture(bounds.into_iter().zip(laws.collect::<Result<Vec<_>, _>>()?).collect())
            }
            Self::Empirical { file, column, unit } => {
                Law::Empirical(empirical::read(&folder.join(file), column, *unit)?.into())
            }
        })
    }
}

/// The shape of a law that draws next to nothing but zeros if it is too small: time would stand still.
fn shape_of(at: &KeyPath, shape: f64) -> Result<f64, SpecError> {
    if positive(at, shape)? < 0.01 {
        return Err(SpecError::value(at.clone(), "must be at least 0.01"));
    }
    Ok(shape)
}

/// The share of the weights up to each of them, the last being 1. `at` is the array of the weights' tables.
pub(crate) fn cumulate(
    at: &KeyPath,
    weights: impl Iterator<Item = f64> + Clone,
) -> Result<Vec<f64>, SpecError> {
    for (place, weight) in weights.clone().enumerate() {
        positive(&at.index(place).key("weight"), weight)?;
    }
    let total: f64 = weights.clone().sum();
    let mut bounds: Vec<_> = weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum / total)
        })
        .collect();
    match bounds.last_mut() {
        Some(last) => *last = 1.0,
        None => return Err(SpecError::value(at.clone(), "must not be empty")),
    }
    Ok(bounds)
}

fn positive(at: &KeyPath, number: f64) -> Result<f64, SpecError> {
    if number > 0.0 && number.is_finite() {
        Ok(number)
    } else {
        Err(SpecError::value(at.clone(), "must be a number above 0"))
    }
}

fn positive_span(at: &KeyPath, span: Span) -> Result<f64, SpecError> {
    check_span(at, span)?;
    if span.is_zero() {
        return Err(SpecError::value(at.clone(), "must be longer than 0ns"));
    }
    Ok(span.ns() as f64)
}

/// Refuses what is longer than any run.
pub(crate) fn check_span(at: &KeyPath, span: Span) -> Result<(), SpecError> {
    if span > LONGEST_RUN {
        return Err(SpecError::value(at.clone(), "must not exceed 72h, the longest run"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        law: LawSpec,
    }

    #[test]
    fn laws_read_what_they_write() {
        for text in [
            "law = \"2ms\"\n",
            "[law.exponential]\nmean = \"2ms\"\n",
            "[law.gamma]\nshape = 2.0\nscale = \"1ms\"\n",
            "[law]\nmixture = [{ weight = 1.0, law = \"1ms\" }]\n",
            "[law.empirical]\nfile = \"a.csv\"\ncolumn = \"x\"\nunit = \"us\"\n",
        ] {
            let file: File = toml::from_str(text).unwrap();
            assert_eq!(toml::to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn errors_keep_their_place() {
        for (text, place, message) in [
            ("law = '2parsecs'", "'2parsecs'", "unit (ns, us, ms, s, min, h)"),
            ("law = 3", "3", "a duration such as"),
            ("law = { expo = { mean = '2ms' } }", "expo", "unknown variant `expo`"),
            ("law = { exponential = { meen = '2ms' } }", "meen", "unknown field `meen`"),
            ("law = { exponential = { mean = '-2ms' } }", "'-2ms'", "negative"),
            ("law = { pareto = { scale = '2ms', shape = 'x' } }", "'x'", "expected f64"),
        ] {
            let error = toml::from_str::<File>(text).unwrap_err();
            assert_eq!(error.span().map(|span| &text[span]), Some(place), "{text}: {error}");
            assert!(error.message().contains(message), "{text}: {error}");
        }
        let two = "law = { exponential = { mean = '2ms' }, constant = '1ms' }";
        assert!(toml::from_str::<File>(two).unwrap_err().message().contains("single key"));
    }

    #[test]
    fn nonsense_is_named() {
        for (text, message) in [
            ("'73h'", "`` must not exceed 72h, the longest run"),
            ("{ exponential = { mean = '0ns' } }", "`exponential.mean` must be longer than 0ns"),
            (
                "{ log_normal = { median = '1ms', sigma = nan } }",
                "`log_normal.sigma` must lie between 0 and 10",
            ),
            (
                "{ pareto = { scale = '1ms', shape = 0 } }",
                "`pareto.shape` must be a number above 0",
            ),
            ("{ gamma = { shape = 1e-9, mean = '1ms' } }", "`gamma.shape` must be at least 0.01"),
            ("{ gamma = { shape = 1 } }", "`gamma` needs either `mean` or `scale`"),
            ("{ uniform = { low = '2ms', high = '1ms' } }", "`uniform.low` must not exceed `high`"),
            ("{ mixture = [] }", "`mixture` must not be empty"),
            (
                "{ mixture = [{ weight = -1, law = '1ms' }] }",
                "`mixture.0.weight` must be a number above 0",
            ),
            (
                "{ mixture = [{ weight = 1, law = { weibull = { scale = '1ms', shape = inf } } }] }",
                "`mixture.0.law.weibull.shape` must be a number above 0",
            ),
            (
                "{ empirical = { file = 'absent.csv', column = 'x', unit = 'ms' } }",
                "absent.csv: No such file or directory (os error 2)",
            ),
        ] {
            let file: File = toml::from_str(&format!("law = {text}")).unwrap();
            assert_eq!(file.law.compile(Path::new("")).unwrap_err().to_string(), message);
        }
    }
}
