//! `faxun chat`: a terminal client over the socket.

use super::ask::render;
use anyhow::Context as _;
use faxun::dialogue::nouns::From;
use faxun::wire::{ClientFrame, PROTOCOL, ServerFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use rustyline::error::ReadlineError;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// Chats until 再见 by Ctrl-D.
pub fn chat(url: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(run(url))
}

async fn run(url: &str) -> anyhow::Result<()> {
    let mut request = url
        .into_client_request()
        .context("the address of a socket: ws://HOST:PORT/ws")?;
    request
        .headers_mut()
        .insert("sec-websocket-protocol", PROTOCOL.parse()?);
    let (socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .with_context(|| format!("no server answers at {url}: start one with `faxun serve`"))?;
    let (mut write, mut read) = socket.split();
    let hello = ClientFrame::Hello {
        token: None,
        after: None,
        identity: None,
    };
    write.send(frame(&hello)?).await?;
    let (typed, mut lines) = mpsc::channel::<String>(1);
    // Reading a line blocks: a thread of its own, which ends with the process.
    std::thread::spawn(move || {
        let Ok(mut editor) = rustyline::DefaultEditor::new() else {
            return;
        };
        loop {
            match editor.readline("> ") {
                Ok(line) => {
                    let _ = editor.add_history_entry(&line);
                    if typed.blocking_send(line).is_err() {
                        return;
                    }
                }
                Err(ReadlineError::Interrupted | ReadlineError::Eof) | Err(_) => return,
            }
        }
    });
    let mut number = 0u64;
    loop {
        tokio::select! {
            line = lines.recv() => {
                let Some(line) = line else { return Ok(()) };
                if line.trim().is_empty() {
                    continue;
                }
                number += 1;
                let say = ClientFrame::Say { id: format!("t{number}"), text: line };
                write.send(frame(&say)?).await?;
            }
            received = read.next() => match received {
                None | Some(Ok(Message::Close(_))) => anyhow::bail!("the server closed the connection"),
                Some(Ok(Message::Text(text))) => show(text.as_str())?,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            },
        }
    }
}

fn frame(frame: &ClientFrame) -> anyhow::Result<Message> {
    Ok(Message::text(serde_json::to_string(frame)?))
}

fn show(text: &str) -> anyhow::Result<()> {
    match serde_json::from_str::<ServerFrame>(text)? {
        ServerFrame::Welcome {
            notice: Some(notice),
            ..
        } => println!("{}\n", notice.text),
        ServerFrame::Message(message) if message.from != From::Citizen => {
            println!("\n{}\n", render(&message.body));
        }
        ServerFrame::Error(error) => eprintln!("{}", error.message),
        ServerFrame::State {
            queue: Some(queue), ..
        } => println!("（排队第 {} 位）", queue.position),
        _ => {}
    }
    Ok(())
}
