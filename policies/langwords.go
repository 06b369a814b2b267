package policies

import "strings"

// The languages in the order of Languages. Those after reported are known only
// so that they aren't taken for a neighbour.
const (
	german = iota
	english
	spanish
	french
	italian
	dutch
	polish
	portuguese
	nordic
	czech
	languageCount

	reported = portuguese
)

// wordLists holds the words of each language; a word may stand in several.
func wordLists() [languageCount]string {
	return [languageCount]string{
		german: `der die das dem den des ein eine einen einem einer eines und oder aber ich du er sie es wir ihr mich mir dich dir
uns euch ihnen ihn ihm mein meine meinen meinem meiner dein deine sein seine ihre ihren ihrem ihrer unser unsere kein keine keinen
ist sind war waren wird werden wurde wurden bin bist hat habe haben hatte hatten kann können könnte könnten muss müssen soll sollte
will wollte möchte darf nicht auch noch schon nur sehr mehr dass wenn weil als wie wo wann warum wer was welche welcher
für mit von vom zu zum zur bei nach aus auf über unter gegen ohne um bis seit durch wegen zwischen im am an
bitte danke vielen dank hallo guten tag morgen abend moin servus liebe lieber grüße grüßen grüssen gruß freundlichen sehr geehrte damen herren
bestellung rechnung lieferung paket konto kündigung kündigen frage hilfe leider immer wieder heute gestern jetzt hier dort bekommen erhalten
funktioniert geht gehen macht gibt mal doch ja nein gerne
alle alles anders beim bereits bevor bis damit dann dazu denn derselbe deshalb dessen deswegen dieser diese dieses diesem diesen doch dort eben etwas
eigentlich euer eure fast ganz gar genau hatten hätte wäre jede jeder jedes jemand jetzt jene kommt lassen man manche mehrere mag mochte nichts niemand ob
obwohl ohne selbst sich sogar solche sonst sondern trotz trotzdem überhaupt viel viele vor während weder weiter welchen wieso wollen würde würden zurück zwar zweimal
nix net ned nich hab habs gibts gehts wars isses haste nochmal grad iwie vlt evtl bzw usw ggf lg vg mfg`,
		english: `the a an and or but i you he she it we they me him her us them my your his its our their mine this that these those
is are was were be been being am has have had do does did will would can could should may might must shall not no yes
of in on at by for with from to into about after before since until over under between through during without
what which who whom where when why how there here also very more than then if because as so just only still already again
please thank thanks hello hi hey dear regards kind best sincerely cheers sorry
order invoice delivery package parcel account cancel question help refund received working work works need want get got any some
don't doesn't didn't can't i'm i've it's haven't t s isn't won't
about above again against all any around away because before below both down each else ever every few further how however into itself last less
many much myself never next nobody none nothing off once other ought out own same several since something such than themselves though too under up upon
while within yet yours yourself ago anything anyone back either enough instead its let like little most near neither nor often rather soon them till
pls plz thx u ur im ive cant wont dont doesnt didnt isnt wasnt havent arent couldnt wouldnt lol btw asap idk gonna wanna gotta gimme`,
		spanish: `el la los las un una unos unas y o pero yo tú él ella nosotros ustedes usted ellos me te se nos mi mis tu tus su sus
es son era fue ser está están estoy estaba hay ha he han había tengo tiene tienen puedo puede pueden quiero quiere quisiera
no sí muy más también ya todavía aún solo que cuando porque como donde qué cuándo cómo dónde quién cuál
de del en a al por para con sin sobre entre hasta desde según hacia
favor gracias hola buenos buenas días tardes noches estimado estimada estimados saludos atentamente cordial
pedido factura entrega paquete cuenta cancelar pregunta ayuda recibido llegado funciona necesito hacer hace ayer hoy ahora siempre nunca este esta esto ese esa eso
algo alguien algún alguna algunos antes aquel aquella aquí allí así aunque bajo bastante bien cada casi cierto como cómo cualquier cuál cuáles cuánto cuánta cuántos
dentro después donde dónde durante ella ellas entonces estos estas esos esas fuera hay haya he hemos les lo luego menos mientras misma mismo mucho mucha muchos muchas
nada nadie ni ninguno ninguna nuestro nuestra nuevo otra otro otros otras poco podría pues qué quién quien sea según ser será sido siendo sino soy sobre tal tampoco tan tanto
todo toda todos todas tras van voy vez veces xq pq xfa porfa tmb tb dnd`,
		french: `le la les l un une des du de d et ou mais je j tu il elle nous vous ils elles me m te se s lui leur y en mon ma mes ton ta tes son sa ses notre nos votre vos
est sont était suis êtes être a ai as avez avons ont avait peux peut pouvez pourriez veux voudrais dois doit fait faire
ne n pas plus très aussi déjà encore seulement que qu quand parce comme où qui quoi quel quelle pourquoi comment
à au aux dans sur sous par pour avec sans chez entre depuis jusqu avant après ce cette ces c
merci bonjour bonsoir salut madame monsieur cordialement salutations svp plaît
commande facture livraison colis compte annuler question aide reçu marche fonctionne toujours jamais hier aujourd hui maintenant bien
afin ailleurs ainsi alors assez aucun aucune aujourd autre autres autant beaucoup bientôt celle celui ceux cela ceci cependant certains chaque combien contre dedans dehors
depuis derrière dès devant donc dont encore enfin ensuite étaient étais été étant fois font hors ici jusque là leurs longtemps lors lorsque malgré mieux moi moins
même mêmes n'ai c'est j'ai d'un d'une n'est qu'il qu'on c'était j'avais s'est l'on nul parfois parmi personne peu plusieurs plutôt pourtant presque puis puisque quelque quelques quelqu
quels quelles rien seul seule si sinon soit sommes sont surtout tant tellement tel telle tôt tous tout toute toutes trop vers voici voilà vraiment
stp slt bjr mdr jsuis jsais chui pb qqn qqch dsl`,
		italian: `il lo la i gli le l un uno una un' e ed o ma io tu lui lei noi voi loro mi ti si ci vi mio mia miei mie tuo tua suo sua nostro nostra vostro vostra
è sono era essere sei siamo ho hai ha abbiamo avete hanno avevo posso può potete potrei vorrei voglio devo deve fare fatto
non no sì molto più anche già ancora solo che quando perché come dove chi cosa quale quanto
di del dello della dei degli delle d in nel nella nei a al alla ai alle da dal dalla dalle per con su sul sulla senza tra fra fino
grazie ciao buongiorno buonasera salve gentile gentili egregio cordiali saluti distinti favore prego
ordine fattura consegna pacco conto annullare domanda aiuto ricevuto arrivato funziona sempre mai ieri oggi adesso questo questa questi quello quella`,
		dutch: `de het een en of maar ik jij je hij zij ze wij we jullie u mij me jou hem haar ons onze mijn jouw zijn uw hun
is was waren ben bent heeft heb hebben had kan kunt kunnen moet moeten wil willen zou worden wordt werd
niet geen wel ook nog al heel zeer meer dat die dit deze als omdat wanneer hoe waar waarom wie wat welke
van voor met op in aan bij naar uit over onder tegen zonder om tot sinds door tussen te
alstublieft alsjeblieft bedankt dank dankjewel hallo beste geachte goedemorgen goedemiddag goedendag groet groeten vriendelijke
bestelling factuur levering pakket rekening opzeggen vraag hulp ontvangen werkt gaat altijd nooit gisteren vandaag nu hier graag even mevrouw meneer kunt`,
		polish: `i w z na do nie się to że jest są był była było być mam ma mamy mieć jak co kto gdzie kiedy dlaczego czy ale lub oraz albo
ja ty on ona my wy oni mnie mi mój moja moje moją mojego twój nasz wasz pan pani państwo państwa
o od po za przez przed przy dla bez u ze we też także już jeszcze tylko bardzo więcej jeśli jeżeli ponieważ bo
proszę dziękuję dzień dobry witam cześć pozdrawiam szanowni szanowny poważaniem
zamówienie zamówienia faktura fakturę dostawa paczka paczki konto konta pytanie pomoc otrzymałem otrzymałam działa mogę może chcę chciałbym chciałabym
wczoraj dzisiaj teraz zawsze nigdy ten ta te tego tej tym`,
		portuguese: `o a os as um uma e ou mas eu você ele ela nós vocês eles me se meu minha meus seu sua é são era foi ser está estão estou há tem tenho têm posso pode quero
não sim muito mais também já ainda que quando porque como onde quem qual de do da dos das em no na nos nas ao à por para com sem sobre entre até
obrigado obrigada olá bom boa dia tarde noite prezado prezados cumprimentos pedido fatura entrega conta ajuda recebi funciona ontem hoje agora gostaria saber`,
		nordic: `och att det är jag inte som på en ett den för med har kan vi ni du av om till från men hej tack var vad hur när beställning
og jeg ikke det er på en et den til med har kan vi du av af om fra men hej hei takk tak hvad hva hvor hvordan når bestilling mange`,
		czech: `a je se na že to v s z do ne jsem jsou byl byla být mám má jak co kdo kde kdy proč ale nebo já ty on my vy oni můj moje
dobrý den děkuji prosím zdravím pozdravem objednávka objednávku faktura účet pomoc pro od po při bez už ještě jen velmi`,
	}
}

// functionWords has a bit for each language that a word belongs to.
//
//nolint:gochecknoglobals // a table
var functionWords = func() map[string]uint16 {
	table := map[string]uint16{}
	for l, words := range wordLists() {
		for word := range strings.FieldsSeq(words) {
			table[word] |= 1 << l
		}
	}
	for l, words := range wordLists() {
		for word := range strings.FieldsSeq(words) {
			for _, plain := range plainForms(word) {
				if _, there := table[plain]; !there || l < italian {
					table[plain] |= 1 << l
				}
			}
		}
	}
	return table
}()

// plainForms gives a word as those write it who write no accents.
func plainForms(word string) []string {
	var out []string
	if plain := withoutAccents(word); plain != word {
		out = append(out, plain)
	}
	if spelt := strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "'", "").Replace(word); spelt != word {
		out = append(out, spelt)
	}
	return out
}
