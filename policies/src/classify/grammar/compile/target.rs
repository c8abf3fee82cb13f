//! Where the values of a target, and the parameters of a resolver, come from.

use super::super::forever::{all_forever, forever};
use super::super::source::{ClauseSource, ToolFile};
use super::super::{Field, Origin, Part, Pin, PinBy, ResolverRule, Source, TargetRule};
use super::{Problem, clause};
use crate::Dimension;
use crate::classify::facts::Resolver;

/// The dimensions that a tool has.
pub(super) fn rules(source: &ToolFile) -> Result<Vec<TargetRule>, Problem> {
    let one = |(name, written): (&String, &Vec<ClauseSource>)| {
        let unknown = || (String::from("targets"), "there is no dimension", name.clone());
        let dimension = Dimension::of_name(name).ok_or_else(unknown)?;
        Ok(TargetRule { dimension, from: sources(source, name, written)? })
    };
    source.targets.iter().map(one).collect()
}

/// The resolvers that a tool asks.
pub(super) fn resolvers(source: &ToolFile) -> Result<Vec<ResolverRule>, Problem> {
    let one = |(name, written): (&String, &super::super::source::ResolverSource)| {
        let unknown = || (String::from("resolvers"), "there is no resolver", name.clone());
        let resolver = Resolver::of_name(name).ok_or_else(unknown)?;
        let parameters = written.parameters.iter();
        let parameters = parameters
            .map(|(name, written)| Ok((forever(name), sources(source, name, written)?)))
            .collect::<Result<_, Problem>>()?;
        let always_for = written.always_for.iter().map(|words| forever(words)).collect();
        Ok(ResolverRule { resolver, parameters, always: written.always, always_for })
    };
    source.resolvers.iter().map(one).collect()
}

/// How targets are written out.
pub(super) fn pins(source: &ToolFile) -> Result<Vec<Pin>, Problem> {
    let one = |(name, written): (&String, &super::super::source::PinSource)| {
        let wrong = |problem| (String::from("pins"), problem, name.clone());
        let dimension = Dimension::of_name(name).ok_or_else(|| wrong("there is no dimension"))?;
        let by = match (&written.flag, &written.variable) {
            (Some(flag), None) => PinBy::Flag(forever(flag)),
            (None, Some(variable)) => PinBy::Variable(forever(variable)),
            _ => return Err(wrong("a flag or a variable is needed for")),
        };
        let not_found = match written.not_found.as_deref().map(origin) {
            None => None,
            Some(Some(Origin::Fact(resolver, field))) => Some((resolver, field)),
            Some(_) => return Err(wrong("no resolver's field is named in")),
        };
        Ok(Pin {
            dimension,
            by,
            except: all_forever(&written.except),
            defaults: written.defaults,
            not_backends: all_forever(&written.not_backends),
            not_with: all_forever(&written.not_with),
            not_found,
        })
    };
    source.pins.iter().map(one).collect()
}

fn sources(source: &ToolFile, at: &str, written: &[ClauseSource]) -> Result<Vec<Source>, Problem> {
    let one = |written: &ClauseSource| {
        let of = match &written.from {
            Some(from) => origin(from).ok_or_else(|| (at.to_owned(), "this is no source of a value", from.clone()))?,
            None => Origin::Condition,
        };
        let when = clause::condition(source, at, written)?;
        // A flag or variable that is not there gives nothing, whatever is stated beside it.
        let when = match of {
            Origin::Flag(name) => when.and_flag(name),
            Origin::Variable(name) => when.and_variable(name),
            _ => when,
        };
        Ok(Source { when, of, unknown: written.unknown.as_deref().map(forever), further: written.further })
    };
    written.iter().map(one).collect()
}

/// `flag --namespace`, `variable KUBECONFIG`, `kubeconfig namespace`, `fixed default`.
pub(super) fn origin(text: &str) -> Option<Origin> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match kind {
        "flag" => Origin::Flag(forever(rest)),
        "variable" => match rest.strip_suffix("_SERVICE") {
            Some(stem) => Origin::ServiceVariable(forever(&format!("{stem}_"))),
            None => Origin::Variable(forever(rest)),
        },
        "fixed" => Origin::Fixed(forever(rest)),
        "operands" => Origin::Operands,
        "operand" => Origin::Operand(rest.parse().ok()?),
        "ref" => Origin::Reference(rest.parse().ok()?),
        "names" => Origin::Names,
        "word" => Origin::Word,
        "scheme" => Origin::Url(Part::Scheme),
        "host" => Origin::Url(Part::Host),
        "port" => Origin::Url(Part::Port),
        "network" => Origin::Url(Part::Network),
        "tree" => Origin::Tree,
        resolver => Origin::Fact(Resolver::of_name(resolver)?, field(rest)?),
    })
}

fn field(name: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.name() == name)
}
