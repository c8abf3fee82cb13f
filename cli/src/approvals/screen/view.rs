//! The screen: a list, the details of one question, and what keys do.
//!
//! Every text goes through [`safe`]; a value stands beside its label in columns of its
//! own, so that nothing that a caller wrote looks like one of ours. Colour repeats what
//! the words say. Not here: what keys do (`state`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use tollgate_admin::{Answer, Question};

use super::fit::{columns, cut, safe, wrapped};
use super::state::{Prompt, Said, State, Typing};
use super::word::GRANTED_S;
use crate::approvals::text::{fields, tier};
use crate::colour::{Colours, Tone};
use crate::status::duration;

/// In less than this nobody could see what they decide.
const LEAST: (u16, u16) = (40, 8);
/// The columns of labels.
const LABEL: usize = 8;
/// The rows of a window that has room for the list as well.
const WITH_LIST: u16 = 14;

/// Draws all of it; notes in the state what there is room for.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State, colours: Colours) {
    let area = frame.area();
    state.fits = area.width >= LEAST.0 && area.height >= LEAST.1;
    if !state.fits {
        let text = format!("too small: {} x {} at least; Ctrl-C leaves", LEAST.0, LEAST.1);
        return frame.render_widget(Paragraph::new(cut(&text, area.width.into())), area);
    }
    let listed = u16::try_from(state.questions().len()).unwrap_or(u16::MAX);
    let room = if area.height < WITH_LIST { 0 } else { listed.min((area.height - 5) / 3) };
    let [head, list, title, details, said, keys] = rows(area, [1, room, 1, area.height - room - 4, 1, 1]);
    frame.render_widget(self::head(state, head.width, colours), head);
    frame.render_widget(Paragraph::new(self::list(state, list, colours)), list);
    frame.render_widget(self::title(state, title.width), title);
    frame.render_widget(Paragraph::new(self::details(state, details, colours)), details);
    frame.render_widget(self::said(state, said.width, colours), said);
    frame.render_widget(self::keys(state, keys.width, colours), keys);
}

/// Rectangles of these heights, one below the other.
fn rows<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let row = Rect { y, height, ..area };
        y += height;
        row
    })
}

fn style(colours: Colours, tone: Tone) -> Style {
    let style = Style::new();
    let style = match tone {
        Tone::Bad => style.add_modifier(Modifier::BOLD),
        Tone::Quiet => style.add_modifier(Modifier::DIM),
        Tone::Good | Tone::Notable => style,
    };
    match (colours, tone) {
        (Colours::Off, _) | (_, Tone::Quiet) => style,
        (_, Tone::Good) => style.fg(Color::Green),
        (_, Tone::Notable) => style.fg(Color::Yellow),
        (_, Tone::Bad) => style.fg(Color::Red),
    }
}

fn head(state: &State, width: u16, colours: Colours) -> Line<'static> {
    let waiting = match state.questions().len() {
        0 => "no question is open".to_owned(),
        1 => "1 question waits for a person".to_owned(),
        many => format!("{many} questions wait for a person"),
    };
    match &state.away {
        None => Line::raw(cut(&format!("tollgate: {waiting}"), width.into())),
        Some(why) => Line::styled(cut(&safe(why), width.into()), style(colours, Tone::Bad)),
    }
}

/// The rows around the chosen one.
fn list(state: &State, area: Rect, colours: Colours) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let first = (state.place() + 1).saturating_sub(height);
    let shown = state.questions().iter().enumerate().skip(first).take(height);
    let is_chosen = |place| place == state.place() && !state.is_gone();
    shown.map(|(place, question)| row(question, is_chosen(place), area.width, colours)).collect()
}

/// `> T4 ! 58m 20s  claude-code  terraform apply -destroy`
fn row(question: &Question, is_chosen: bool, width: u16, colours: Colours) -> Line<'static> {
    let tier = tier(question).map_or("T?".to_owned(), |tier| format!("T{tier}"));
    let mark = if is_chosen { ">" } else { " " };
    let danger = if question.dangerous.is_empty() { " " } else { "!" };
    let left = duration(question.left_s);
    let agent = cut(&safe(&question.agent), 16);
    let text = format!("{mark} {tier} {danger} {left:<7}  {agent:<16}  {}", safe(&question.command));
    let tone = if question.dangerous.is_empty() { Tone::Good } else { Tone::Bad };
    let style = if tone == Tone::Bad { style(colours, tone) } else { Style::new() };
    let style = if is_chosen { style.add_modifier(Modifier::REVERSED) } else { style };
    Line::styled(cut(&text, width.into()), style)
}

fn title(state: &State, width: u16) -> Line<'static> {
    let text = match (state.shown(), &state.typing) {
        (None, _) => String::new(),
        (Some(question), Some(_)) => format!("── answering {} ", safe(&question.id)),
        (Some(question), None) if state.is_gone() => format!("── open no more: {} ", safe(&question.id)),
        (Some(question), None) => {
            format!("── {} of {}: {} ", state.place() + 1, state.questions().len(), safe(&question.id))
        }
    };
    let rest = usize::from(width).saturating_sub(columns(&text));
    Line::raw(cut(&format!("{text}{}", "─".repeat(rest)), width.into()))
}

/// What the person decides by, from where they have scrolled to; a mark where more
/// stands below.
fn details(state: &mut State, area: Rect, colours: Colours) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let lines = state.shown().map(|question| all(question, state.typing.as_ref(), area.width, colours));
    let lines = lines.unwrap_or_default();
    let most = lines.len().saturating_sub(height);
    state.scroll = state.scroll.min(most);
    state.page = height.saturating_sub(1);
    let below = most - state.scroll;
    state.seen |= below == 0;
    let mut shown: Vec<_> = lines.into_iter().skip(state.scroll).take(height).collect();
    if let Some(last) = shown.last_mut().filter(|_| below > 0) {
        *last = Line::styled(format!("… {} more lines below: PgDn", below + 1), style(colours, Tone::Notable));
    }
    shown
}

fn all(question: &Question, typing: Option<&Typing>, width: u16, colours: Colours) -> Vec<Line<'static>> {
    let mut fields = fields(question);
    // What the daemon has made of it stands before what a caller wrote at any length.
    let judged = fields.iter().position(|(label, _)| *label == "target").map_or(0, |target| target + 1);
    fields.insert(judged, ("runs", question.command.clone()));
    if let Some(grants) = typing.and_then(grants) {
        fields.insert(0, ("GRANTS", grants));
    }
    let room = usize::from(width).saturating_sub(LABEL);
    let mut lines = Vec::new();
    for (label, value) in fields {
        let style = match label {
            "DANGER" => style(colours, Tone::Bad),
            "GRANTS" => style(colours, Tone::Notable),
            _ => Style::new(),
        };
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        for (label, part) in labels.zip(wrapped(&safe(&value), room)) {
            let label = Span::styled(format!("{label:<LABEL$}"), style.add_modifier(Modifier::BOLD));
            lines.push(Line::from(vec![label, Span::styled(part, style)]));
        }
    }
    lines
}

/// What is answered in advance, while that is being asked.
fn grants(typing: &Typing) -> Option<String> {
    let wish = &typing.wish;
    let number = match (&typing.prompt, wish.more) {
        (Prompt::HowMany, _) => "…".to_owned(),
        (_, 0) => return None,
        (_, more) => more.to_string(),
    };
    let terms = wish.question.like_this.iter().map(|terms| {
        let target = terms.target.iter().map(|(name, glob)| format!(" {name}={glob}")).collect::<String>();
        format!("{}{target}", terms.operation)
    });
    let terms = terms.collect::<Vec<_>>().join(", ");
    Some(format!("this, and the next {number} of {}, for {}: {terms}", wish.question.agent, duration(GRANTED_S)))
}

fn said(state: &State, width: u16, colours: Colours) -> Line<'static> {
    let (text, tone) = match (&state.typing, &state.said) {
        (Some(typing), _) => (prompt(typing), Tone::Notable),
        (None, Some(Said::Good(text))) => (text.clone(), Tone::Good),
        (None, Some(Said::Bad(text))) => (text.clone(), Tone::Bad),
        (None, None) => return Line::default(),
    };
    Line::styled(cut(&safe(&text), width.into()), style(colours, tone))
}

fn prompt(typing: &Typing) -> String {
    let word = if typing.wish.answer == Answer::Approve { "approve" } else { "deny" };
    match &typing.prompt {
        Prompt::HowMany => "how many more? Enter goes on, Esc goes back".to_owned(),
        Prompt::Reason => format!("{word}: why? Enter says it, Esc goes back"),
        Prompt::Name(names) => format!("who are you ({})?", names.join(", ")),
        Prompt::Passphrase(name) => format!("passphrase of {name}, which is not shown:"),
    }
}

/// What is being typed (its end, where it is long), else what keys do.
fn keys(state: &State, width: u16, colours: Colours) -> Line<'static> {
    const KEYS: &str = "a approve  d deny  n and the next ones  ↑↓ move  PgDn more  q leave";
    let Some(typing) = &state.typing else {
        return Line::styled(cut(KEYS, width.into()), style(colours, Tone::Quiet));
    };
    let typed = if matches!(typing.prompt, Prompt::Passphrase(_)) { String::new() } else { safe(&typing.line) };
    let room = usize::from(width).saturating_sub(3);
    let end = typed.char_indices().map(|(at, _)| typed.get(at..).unwrap_or_default());
    let end = end.chain([""]).find(|end| columns(end) <= room).unwrap_or_default();
    Line::raw(format!("> {end}_"))
}

#[cfg(test)]
mod tests;
