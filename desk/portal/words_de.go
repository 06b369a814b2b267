package portal

//nolint:gochecknoglobals // a table
var german = words{
	lang: "de", otherLang: "en", otherName: "English",
	footPage:     "So steht es um Ihre Frage, und das speichern wir über Sie:",
	footAsk:      "Wie war diese Antwort?",
	footShort:    "Ihre Frage und Ihre Daten:",
	footShortAsk: "Wie war diese Antwort? Ihre Frage und Ihre Daten:",
	good:         "Gut", bad: "Nicht gut",

	title: "Ihre Frage an uns", yourQuestion: "Ihre Frage",
	waiting: "Ihre Frage ist bei uns angekommen und wartet darauf, dass jemand sie beantwortet.", waitingWith: "%s hat Ihre Frage.",
	beingAnswered: "Eine Antwort ist zu Ihnen unterwegs.", answered: "Wir haben Ihnen geantwortet.", withYou: "Wir haben Sie etwas gefragt und warten auf Ihr Wort.",
	ended: "Das ist abgeschlossen. Schreiben Sie uns wieder, wenn etwas offen ist.", over: "Im Augenblick ist zwischen uns nichts offen.",
	promised: "Eine Antwort ist bis %s zugesagt.", promisedLate: "Eine Antwort war bis %s zugesagt. Wir sind zu spät: Unsere Leute wissen es.",
	by: "Wer antwortet", lastAnswer: "Zuletzt hat %s geantwortet", written: "Sie haben am %s geschrieben.", asked: "gefragt am",
	more: "Alles ansehen", moreWhy: "Damit niemand sonst das mit einem weitergegebenen Link liest, senden wir einen Code aus sechs Ziffern an %s.",
	codeSend: "Code senden", codeSent: "Ein Code ist unterwegs an %s. Er gilt 15 Minuten.", codeLabel: "Der Code aus sechs Ziffern", codeEnter: "Meine Seite öffnen",
	codeWrong: "Das ist nicht der Code, den wir zuletzt gesendet haben. Sehen Sie noch einmal nach, oder fordern Sie einen neuen an.", codeOver: "Dieser Code gilt nicht mehr. Fordern Sie einen neuen an.",
	codeMany:  "Es wurden zu viele Codes angefordert. Versuchen Sie es in einer Stunde wieder, oder antworten Sie auf eine unserer Nachrichten: Ein Mensch hilft Ihnen.",
	codeNoWay: "Wir kennen keinen privaten Weg, Ihnen einen Code zu senden. Antworten Sie auf eine unserer Nachrichten: Ein Mensch hilft Ihnen.", codeFailed: "Der Code konnte gerade nicht gesendet werden. Versuchen Sie es in ein paar Minuten wieder.",
	gone: "Dieser Link gilt nicht mehr", goneWhy: "Seine Zeit ist um, oder er wurde ungültig gemacht. Jede neue Nachricht von uns hat einen neuen; schreiben können Sie uns jederzeit.",
	notFound: "Diese Seite gibt es nicht", notFoundWhy: "Vielleicht fehlt ein Teil des Links: Kopieren Sie ihn ganz aus unserer Nachricht.",
	tooMany: "Das war zu oft. Versuchen Sie es in ein paar Minuten wieder.", trouble: "Hier ist etwas schiefgegangen. Es ist vermerkt; versuchen Sie es in ein paar Minuten wieder.",
	forged: "Das kam von der Seite eines anderen, deshalb ist nichts geschehen. Öffnen Sie Ihren Link noch einmal.",

	conversation: "Unser Gespräch", you: "Sie", us: "Wir", receipt: "automatische Eingangsbestätigung", erased: "Diese Worte wurden gelöscht.", expired: "Diese Worte bewahren wir nicht mehr auf.",
	files: "Dateien", none: "Noch nichts.",
	writeAgain: "Schreiben Sie uns wieder", writeLabel: "Ihre Nachricht", send: "Senden", writeSent: "Ihre Nachricht ist bei uns angekommen.", writeEmpty: "Schreiben Sie erst etwas.", tooLong: "Das ist länger, als wir annehmen können: höchstens %d Zeichen.",

	kept: "Was wir über Sie speichern", keptLead: "Nur Tatsachen, jede mit ihrer Herkunft. Wir vermuten nichts über Sie.", keptWhat: "Was", keptWhy: "Warum", keptHow: "Wie lange",
	keptEver: "bis Sie es löschen lassen", days: "%d Tage",
	about: "Was wir von Ihnen wissen", field: "Was", value: "Wert", source: "Woher", since: "Seit", tier: "Ihre Stufe", tierNone: "keine", noValue: "nichts bekannt",
	valueStale: "nicht auf dem neuesten Stand", objected: "Sie widersprechen der Bewertung seit %s: Sie werden wie die mittlere Stufe behandelt.", objectLead: "Ihr Wert und Ihre Stufe helfen zu entscheiden, wessen Frage zuerst kommt. Sie können dem widersprechen; dann werden Sie wie die mittlere Stufe behandelt.",
	object: "Ich widerspreche der Bewertung", objectEnd: "Ich widerspreche nicht mehr",
	channels: "Wo wir Sie erreichen", channelsLead: "Antworten gehen dorthin, wo Sie sie am liebsten haben, wenn das möglich ist.", prefer: "Antworten am liebsten per", preferNone: "dort, wo ich geschrieben habe", preferSaved: "Gespeichert.",
	allow: "Was wir Ihnen ungefragt senden dürfen", allowLead: "Antworten auf Ihre eigenen Fragen kommen immer.", allowed: "ja", saved: "Gespeichert.",
	data: "Ihre Daten", download: "Alles herunterladen", downloadLead: "Alles, was über Sie gespeichert ist, als Dateien, die Sie und Programme lesen können.",
	erase: "Alles über mich löschen", eraseLead: "Alle Ihre Nachrichten, unsere Antworten und was wir von Ihnen wissen. Es lässt sich nicht rückgängig machen.", eraseConfirm: "Ja, alles löschen",
	eraseRunning: "Eine Frage von Ihnen ist noch offen: Das Löschen beendet sie ohne Antwort.", eraseHeld: "Einen Teil müssen wir nach dem Gesetz bis %s aufbewahren: Er wird weggelegt und für nichts anderes verwendet.",
	eraseDone: "Alles über Sie wird gelöscht", eraseDoneLead: "Nichts davon wird mehr gezeigt. Auch diese Seite endet damit.", noErase: "Bitten Sie uns in einer Nachricht darum: Ein Mensch kümmert sich.",
	links: "Links zu dieser Seite", linksLead: "Ist einer in falsche Hände geraten? Unsere nächste Nachricht hat einen neuen.", linksEnd: "Alle alten Links ungültig machen", linksEnded: "Alle bisherigen Links sind ungültig.", leave: "Meine Seite auf diesem Gerät schließen",

	rate: "Wie war diese Antwort?", rateLead: "Menschen lesen das, und es erreicht, wer Ihnen geantwortet hat.", rateQuestion: "Es zählt, sobald Sie auf „Absenden“ drücken.", rateFree: "Eine Zeile, wenn Sie mögen",
	rateIdea: "Das ist eine Idee für Sie", ratePost: "Absenden", rateThanks: "Danke! Das erreicht, wer Ihnen geantwortet hat.", rateThanksBad: "Danke, dass Sie es sagen. Wir sehen es uns noch einmal an: Sie bekommen bis %s eine weitere Antwort.",
	rateMore: "Möchten Sie eine Zeile hinzufügen?", rateNothing: "Sagen Sie gut oder nicht gut, oder schreiben Sie eine Zeile.", rateWhich: "Es gibt noch keine Antwort, die bewertet werden könnte.",
	back: "Zurück",

	codeSubject: "Ihr Code: %s",
	codeText:    "Ihr Code für Ihre Seite bei uns ist %s.\n\nEr gilt 15 Minuten. Wenn Sie ihn nicht angefordert haben, tun Sie nichts: Ohne ihn sieht niemand etwas.\n",

	sources:      map[string]string{"import": "unsere Kundenliste", "crm": "unser Kundensystem", "orders": "Ihre Bestellungen", "message": "Ihre Nachrichten", "agent": "von uns notiert", "customer": "Sie", "stated": "Sie", "learnt": "wie Sie geantwortet haben", "router": "Ihre Nachrichten", "policy": "unsere Regeln"},
	fields:       map[string]string{"name": "Name", "language": "Sprache", "timezone": "Zeitzone", "customer_since": "Kunde seit", "external_id": "Kundennummer", "tags": "Merkmale", "value": "Ihr Wert für uns", "tier": "Ihre Stufe", "orders": "Bestellungen", "contacts": "Fragen bisher"},
	purposes:     map[string]string{"marketing": "Angebote und Neuigkeiten", "feedback": "Fragen, wie wir waren", "outreach": "erste Nachrichten in sozialen Netzen"},
	kinds:        map[string]string{"messages": "Ihre Nachrichten", "originals": "Ihre Nachrichten, wie sie kamen", "replies": "Unsere Antworten", "notes": "Notizen für Kollegen", "quarantine": "Was nicht lesbar war", "facts": "Dass und wann Sie geschrieben haben, ohne Worte und Adressen", "profile": "Was wir von Ihnen wissen"},
	reasons:      map[string]string{"messages": "um Ihnen zu antworten und zu wissen, was gesagt wurde", "originals": "um zu belegen, was gesendet wurde, und um Dateien zu öffnen", "replies": "um zu wissen, was wir Ihnen gesagt haben", "notes": "damit Sie nichts zweimal erklären müssen", "quarantine": "damit nichts verloren geht", "facts": "um zu belegen, dass jede Frage beantwortet wurde", "profile": "um Sie zu kennen und dort zu antworten, wo Sie es mögen"},
	channelNames: map[string]string{"email": "E-Mail", "webchat": "Chat", "slack": "Slack", "mastodon": "Mastodon", "bluesky": "Bluesky", "webhook": "Nachricht", "sms": "SMS", "phone": "Telefon", "letter": "Brief", "visit": "Besuch"},
}
