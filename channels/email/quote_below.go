package email

import (
	"regexp"
	"strings"
)

// answersBelow is how people say that their answers stand in the quote: a word
// for what they wrote, and where or in which colour it is.
var answersBelow = regexp.MustCompile(`(?i)\b(inline|in-line)\b|` + eitherWay(
	`\b(answers?|answered|comments?|commented|repl(y|ies|ied)|responses?|responded|remarks?|notes?|see|written|marked)\b`,
	`\b(below|beneath|underneath|between|in (the |your )?(text|mail|email|message|body|red|blue|green|purple|orange|yellow|colou?r|bold|italics?|caps|capitals)|marked (with|by|in)|highlighted)\b`,
	`\b(siehe|antwort(en)?|anmerkung(en)?|kommentare?|geantwortet|beantwortet|reingeschrieben|eingefügt|ergänzt|markiert)\b`,
	`\b(unten|im text|in (rot|blau|grün|farbe|fett|großbuchstaben)|rot|blau|grün|farbig|fett|dazwischen|darunter|direkt (bei|unter|in|hinter|zwischen)|zwischen (den|ihren|deinen)|in (ihrer|deiner|eurer|der) (mail|e-mail|nachricht))\b`,
	`(réponses?|répondu|réponds|voir|commentaires?|remarques?)`,
	`(ci-dessous|plus bas|en (rouge|bleu|vert|gras|couleur|majuscules)|dans (le|votre|ton|ta|vos) (texte|mail|message|courriel|questions)|entre les lignes|à la suite de)`,
	`\b(respuestas?|ver|véase|comentarios?|respondo|respondido|contesto|contestado)\b`,
	`(abajo|debajo|en (rojo|azul|verde|negrita|mayúsculas|color)|entre líneas|en (su|tu|el) (correo|mensaje|texto))`,
	`\b(rispost[ae]|vedi|comment[oi]|rispondo|risposto|annotazioni)\b`,
	`(sotto|in (rosso|blu|verde|grassetto|maiuscolo)|nel (testo|messaggio|tuo|suo)|nella (mail|tua|sua)|tra le righe)`,
	`\b(antwoord(en)?|beantwoord|zie|opmerking(en)?|reacties?|gereageerd)\b`,
	`\b(hieronder|onder|in (het )?(rood|blauw|groen|vet|kleur)|tussen|tussendoor|in (je|uw|jullie|de) (mail|tekst|bericht))\b`,
	`(odpowied\pL+|odpisał\pL*|dopisał\pL*|odpowiadam|patrz|komentarz\pL*|uwagi)`,
	`(poniżej|na (czerwono|niebiesko|zielono)|kolorem|pogrubi\pL+|w (treści|tekście|mailu|pana|pani|twoim)|pod pytani\pL+|między)`,
))

// eitherWay makes a form of pairs of forms that stand near each other, whichever
// comes first.
func eitherWay(pairs ...string) string {
	var forms []string
	for i := 0; i+1 < len(pairs); i += 2 {
		forms = append(forms, pairs[i]+`[^.!?\n]{0,60}`+pairs[i+1], pairs[i+1]+`[^.!?\n]{0,40}`+pairs[i])
	}
	return strings.Join(forms, "|")
}
