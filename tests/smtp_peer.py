"""An SMTP server for the tests: aiosmtpd, which shares no code with ours.

Prints `listening PORT`, then one JSON line for every mail whose text it was
given (before it answers) and one for every reply that it withholds. Ends when
its standard input does, so that it never outlives the tests.

A scripted reply is a line of SMTP, or HANG (never answer), or CLOSE (hang up).
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


async def act(server, step, reply):
    if reply == "HANG":
        say("hanging", step=step)
        await asyncio.Event().wait()
    if reply == "CLOSE":
        server.transport.abort()
    return reply


class Script:
    """The replies that differ from the usual ones."""

    def __init__(self, options):
        self.replies = {"MAIL": options.mail, "RCPT": options.rcpt, "DATA": options.data}
        self.left = options.times
        self.to = options.to

    def reply(self, step, recipients):
        """The scripted reply, if this step has one for these recipients now."""
        reply = self.replies[step]
        if reply is None or self.left == 0 or (self.to and self.to not in recipients):
            return None
        if self.left is not None:
            self.left -= 1
        return reply


class Handler:
    def __init__(self, script):
        self.script = script

    async def answer(self, server, step, recipients, usual):
        return await act(server, step, self.script.reply(step, recipients) or usual)

    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = await self.answer(server, "MAIL", [], "250 2.1.0 OK")
        if reply.startswith("2"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = await self.answer(server, "RCPT", [address], "250 2.1.5 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        else:
            say("refused", to=[address], reply=reply)
        return reply

    async def handle_DATA(self, server, session, envelope):
        reply = self.script.reply("DATA", envelope.rcpt_tos) or "250 2.0.0 queued"
        raw = envelope.original_content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        parts = list(mail.iter_parts())
        say(
            "mail",
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            tls=server.transport.get_extra_info("ssl_object") is not None,
            user=session.auth_data,
            reply=reply,
            raw=raw.decode("ascii", "backslashreplace"),
            headers=[[name, str(value)] for name, value in mail.items()],
            parts=[[part.get_content_type(), part.get_content()] for part in parts],
            defects=[repr(defect) for each in [mail, *parts] for defect in each.defects],
        )
        return await act(server, "DATA", reply)


def authenticator(user, password):
    def check(server, session, envelope, mechanism, given):
        right = given.login == user.encode() and given.password == password.encode()
        return AuthResult(success=right, handled=right, auth_data=user if right else None)

    return check


def smtp_options(options, tls):
    arguments = {"hostname": "peer.example", "enable_SMTPUTF8": not options.ascii_only}
    if options.user:
        arguments["authenticator"] = authenticator(options.user, options.password)
        arguments["auth_required"] = True
        # With TLS from the start, aiosmtpd does not see that there is any.
        arguments["auth_require_tls"] = options.starttls
    if options.starttls:
        arguments["tls_context"] = tls
        arguments["require_starttls"] = True
    return arguments


async def serve(options):
    tls = None
    if options.starttls or options.tls:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.cert, options.key)
    handler = Handler(Script(options))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, loop=loop, **smtp_options(options, tls)),
        "127.0.0.1",
        0,
        ssl=tls if options.tls else None,
    )
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starttls", action="store_true", help="require STARTTLS")
    parser.add_argument("--tls", action="store_true", help="TLS from the first byte")
    parser.add_argument("--cert", help="certificate chain, PEM")
    parser.add_argument("--key", help="its key, PEM")
    parser.add_argument("--user", help="require AUTH as this user")
    parser.add_argument("--password", default="")
    parser.add_argument("--ascii-only", action="store_true", help="offer no SMTPUTF8")
    parser.add_argument("--mail", help="reply to MAIL FROM")
    parser.add_argument("--rcpt", help="reply to RCPT TO")
    parser.add_argument("--data", help="reply to a mail's text")
    parser.add_argument("--times", type=int, help="how often a scripted reply is given")
    parser.add_argument("--to", help="the only recipient with scripted RCPT and DATA replies")
    try:
        asyncio.run(serve(parser.parse_args()))
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    main()
