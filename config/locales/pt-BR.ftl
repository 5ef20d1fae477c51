# Tudo o que se diz de uma política de cobrança, em português do Brasil. `_dat` leva a preposição «a».

span-minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
span-hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}
span-days = { $count ->
    [one] { $count } dia
   *[other] { $count } dias
}
span-working-days = { $count ->
    [one] { $count } dia útil
   *[other] { $count } dias úteis
}
span-months = { $count ->
    [one] { $count } mês
   *[other] { $count } meses
}
span-weeks = { $count ->
    [one] { $count } semana
   *[other] { $count } semanas
}

role-billing = os seus contatos de cobrança
    .dat = aos seus contatos de cobrança
role-admin = os administradores da sua conta
    .dat = aos administradores da sua conta
role-user = os usuários do aplicativo
    .dat = aos usuários do aplicativo
role-account-manager = o seu gerente de conta
    .dat = ao seu gerente de conta
role-owner = a pessoa responsável do nosso lado
    .dat = à pessoa responsável do nosso lado
role-everyone = todas as pessoas conectadas
    .dat = a todas as pessoas conectadas

channel-email = por e-mail
channel-banner = por um aviso no aplicativo
channel-phone = por telefone
channel-letter = por carta
channel-webhook = por uma mensagem aos seus sistemas

when-due-before = { $span } antes do vencimento
when-due-on = no dia do vencimento
when-due-after = { $span } depois do vencimento
when-issued-before = { $span } antes da data da fatura
when-issued-on = na data da fatura
when-issued-after = { $span } depois da data da fatura
when-failed-before = { $span } antes da primeira cobrança recusada
when-failed-on = no dia da primeira cobrança recusada
when-failed-after = { $span } depois da primeira cobrança recusada
when-time = { $when } às { $time }

terms-version = Versão { $version }
terms-intro = Estes são os passos que damos quando uma fatura fica sem pagamento, e aquilo com que você pode contar. Valem para cada fatura separadamente. As datas e os horários são os do seu próprio fuso horário; se não o conhecemos, vale { $zone }.

section-due = Quando uma fatura vence
due-moved = Se o vencimento cai em um dia que não é útil, a fatura vence no dia útil seguinte.
due-terms = Se uma fatura chega atrasada aos nossos sistemas, ela não vence antes de { $span } a partir daí.
due-charged = As suas faturas são cobradas no meio de pagamento que você nos informou. Enquanto a cobrança é aceita, nada acontece.

section-reminders = O que lembramos a você
remind-upcoming = { $when }, lembramos { $who_dat } { $how } que a fatura vencerá em breve.
remind-due-today = { $when }, lembramos { $who_dat } { $how } que a fatura vence nesse dia.
remind-overdue = { $when }, comunicamos { $who_dat } { $how } que o pagamento está atrasado.
remind-all-well = { $when }, perguntamos { $who_dat } { $how } se está tudo certo com a fatura.
remind-entered = { $when }, comunicamos { $who_dat } { $how } em que pé estão as coisas.
remind-thanks = { $when }, agradecemos { $who_dat } { $how }.
remind-other = { $when }, escrevemos { $who_dat } { $how } sobre a fatura.

section-steps = O que acontece se uma fatura fica sem pagamento
step-grace = { $when }, um aviso no aplicativo pede o pagamento { $who_dat }. Tudo continua funcionando como antes.
step-read-only = No mínimo { $when }, o aplicativo passa a ser somente leitura: tudo ainda pode ser lido e exportado, mas nada pode ser alterado.
step-frozen = No mínimo { $when }, o aplicativo é bloqueado: só pode ser usado o que abaixo consta como sempre aberto.
step-slow = No mínimo { $when }, o aplicativo fica mais lento: passam até { $rate }; o que chega mais rápido espera um momento ou precisa tentar de novo. Tudo continua funcionando.
step-slow-too = A partir daí ele também fica mais lento: { $rate }.
step-warned = Pelo menos { $span } antes que isso aconteça, avisamos { $who } { $how } e informamos o dia e a hora.
step-approval = Isso só acontece se a pessoa responsável do nosso lado o tiver aprovado antes de ser anunciado.
step-again = Repetimos este aviso { $spans } antes.
step-proofs = { $count ->
    [one] Isso só acontece se comprovadamente chegou pelo menos uma mensagem com este aviso.
   *[other] Isso só acontece se comprovadamente chegaram pelo menos { $count } mensagens com este aviso, cada uma a outra pessoa ou por outro meio.
}

only-owed = Isso só acontece enquanto houver ao todo mais de { $amounts } em atraso.
only-invoices = { $count ->
    [one] Isso só acontece enquanto houver mais de uma fatura em atraso.
   *[other] Isso só acontece enquanto houver mais de { $count } faturas em atraso.
}
only-sent = Isso só vale para as faturas que você mesmo paga até o vencimento.
only-charged = Isso só vale para as faturas que são cobradas automaticamente.
only-promised = Isso só acontece enquanto uma promessa de pagamento sua estiver de pé.
only-not-promised = Isso só acontece enquanto nenhuma promessa de pagamento sua estiver de pé.
only-ends = Assim que isso deixar de ser verdade, esta etapa é desfeita.

task-call = { $when }, um de nós telefona para você.
task-call-repeat = { $count ->
    [one] { $when }, um de nós telefona para você uma vez.
   *[other] { $when }, um de nós telefona para você; se ninguém puder atender, até { $count } vezes no total.
}
task-letter = { $when }, enviamos uma carta a você.
task-approve = { $when }, uma pessoa da nossa equipe decide como continuar.
task-formal-claim = { $when }, uma pessoa da nossa equipe decide se cobramos o pagamento formalmente.
task-hand-off = { $when }, uma pessoa da nossa equipe decide se outra pessoa assume o assunto.
task-other = { $when }, uma pessoa da nossa equipe examina o assunto.

section-rely = Com o que você pode contar
rely-warning = Nada é restringido sem um aviso que tenha chegado. Se um aviso chega atrasado a você, a data é adiada na mesma medida; se não pode ser entregue, o seu acesso fica como está.
rely-last-resort = Se os nossos avisos não podem ser entregues repetidas vezes, o último segue também por carta. No lugar de uma prova de que ele chegou, a pessoa responsável do nosso lado pode então registrar pelo menos três meios pelos quais tentamos falar com você.
rely-letter = Uma carta é considerada recebida cinco dias úteis depois de postada.
rely-named = Uma restrição nunca vem antes, nem é mais severa, do que o aviso dizia.
rely-slack = Depois do horário informado esperamos mais { $span }, para que um pagamento de última hora chegue primeiro.
rely-hours = Uma restrição só começa nos seguintes dias: { $days }, entre { $from } e { $to }; nunca à noite, em fim de semana ou em feriado, nem na véspera.
rely-hours-free = Uma restrição só começa nos seguintes dias: { $days }, entre { $from } e { $to }; nunca à noite, em dia de folga ou em feriado, nem na véspera.
rely-there = Além disso, ela só começa em horários em que há alguém aqui para responder a você.
rely-send = As nossas mensagens só saem em dias úteis entre { $from } e { $to }.
rely-back = Assim que o pagamento chega, tudo se abre de novo na hora, a qualquer hora e em qualquer dia.
rely-saved = Nada do que você salvou se perde.

section-open = O que fica sempre aberto
open-intro = Aconteça o que acontecer, você sempre pode:
open-sign-in = entrar e sair
open-pay = pagar
open-standing = ver qual é a sua situação e por quê
open-ask = pedir ajuda a uma pessoa
open-export = exportar os seus dados
open-cancel = cancelar
open-delete = excluir os seus dados
open-reduce = remover pessoas, revogar chaves e sessões e trocar senhas e segundos fatores

section-agree = Se você precisa de mais tempo
agree-ask = Se você não pode pagar a tempo, ou se algo está errado em uma fatura, fale conosco: uma pessoa pode dar mais tempo a você.
agree-ordered = Se nós mesmos decidirmos restringir o acesso, seja o que for devido, vale o mesmo: um aviso antes de cada passo, nenhum passo é pulado e tudo termina por si só no dia informado.
agree-accept = Estas condições precisam ser aceitas e valem então por { $every }. Enquanto não forem aceitas, uma restrição só começa se a pessoa responsável do nosso lado a tiver aprovado antes de ser anunciada, e nenhum encargo por atraso é cobrado.
agree-promise = Você também pode prometer um pagamento por conta própria, para um dia daqui a no máximo { $span }.
agree-promise-count = { $count ->
    [one] Isso é possível uma vez por fatura.
   *[other] Isso é possível { $count } vezes por fatura.
}
agree-promise-at-once = { $count ->
    [one] Só pode haver uma promessa em vigor de cada vez.
   *[other] Pode haver no máximo { $count } promessas em vigor ao mesmo tempo.
}
agree-promise-kept = Enquanto uma promessa está em vigor, nada mais acontece. Se for cumprida, está tudo certo; se não, os passos continuam, com novos avisos.
agree-in-flight = Se está a caminho um pagamento que cobre pelo menos { $percent } do que se deve em uma fatura, esperamos por ele até { $span }.
agree-in-flight-times = { $count ->
    [one] Fazemos isso uma vez por fatura.
   *[other] Fazemos isso até { $count } vezes por fatura.
}

section-amounts = Valores pequenos e grandes, juros de atraso
amount-ignored = Enquanto tudo o que está vencido somar menos de { $amounts }, nada acontece.
amount-short = Se falta menos de { $percent } de uma fatura, pedimos o restante, mas não restringimos nada.
amount-person = Se forem devidos mais de { $amounts }, nada é restringido sem que uma pessoa da nossa equipe tenha decidido assim.
amount-fee = Se uma fatura está vencida há mais de { $span }, podemos cobrar sobre o valor vencido juros simples de { $rate } ao mês, no total no máximo { $cap } desse valor, e somente se os tivermos anunciado. Enquanto um acordo está em vigor, não correm juros.
amount-no-fee = Não há juros de atraso.

sign-us = Por nós: local, data, assinatura
sign-you = Pelo cliente: local, data, assinatura

script-due = A fatura { $number } venceu em { $due }; { $amount } estão em aberto.
script-open = Fatura { $number }: { $amount } estão em aberto.
script-read-only = Se não for paga antes disso, o aplicativo passa a ser somente leitura. Não antes de: { $at }.
script-frozen = Se não for paga antes disso, o aplicativo fica bloqueado. Não antes de: { $at }.
script-read-only-part = Se não for paga antes disso, a parte “{ $scope }” passa a ser somente leitura. Não antes de: { $at }.
script-frozen-part = Se não for paga antes disso, a parte “{ $scope }” fica bloqueada. Não antes de: { $at }.
script-slow = Se não for paga antes disso, o aplicativo fica limitado a { $rate }. Não antes de: { $at }.
script-slow-part = Se não for paga antes disso, a parte “{ $scope }” fica limitada a { $rate }. Não antes de: { $at }.
script-ordered-read-only = Decidimos deixar o aplicativo somente para leitura por um tempo; não se trata de um pagamento. Não antes de: { $at }.
script-ordered-frozen = Decidimos bloquear o aplicativo por um tempo; não se trata de um pagamento. Não antes de: { $at }.
script-ordered-read-only-part = Decidimos deixar a parte “{ $scope }” somente para leitura por um tempo; não se trata de um pagamento. Não antes de: { $at }.
script-ordered-frozen-part = Decidimos bloquear a parte “{ $scope }” por um tempo; não se trata de um pagamento. Não antes de: { $at }.
script-ordered-ask = Uma pessoa da nossa equipe pode reverter isso. Há algo errado, ou vocês precisam de algo de nós?
script-thanks = Se foi paga nos últimos dias: obrigado, então está tudo certo.
script-when = Quando podemos contar com o pagamento? Há algo errado com a fatura, ou é preciso mais tempo?

# In a policy for trials and contracts, `ends-` and the key: said in the place of the other.
when-ends-before = { $span } antes do último dia
when-ends-on = no último dia
when-ends-after = { $span } depois do último dia
ends-terms-intro = Estes são os passos que damos quando um teste ou um contrato termina sem renovação, e aquilo com que você pode contar. As datas e os horários são os do seu próprio fuso horário; se não o conhecemos, vale { $zone }.
ends-section-due = Quando termina
ends-due-moved = Um teste ou um contrato termina no último dia combinado. Se não for um dia útil, conta o dia útil seguinte.
ends-due-terms = Se soubermos desse dia tarde, ele não conta antes que tenham passado { $span } desde então.
ends-remind-upcoming = { $when }, lembramos { $who_dat } { $how } que o teste ou o contrato terminará em breve.
ends-remind-due-today = { $when }, lembramos { $who_dat } { $how } que ele termina nesse dia.
ends-remind-overdue = { $when }, comunicamos { $who_dat } { $how } que ele terminou.
ends-remind-all-well = { $when }, perguntamos { $who_dat } { $how } se está tudo certo.
ends-remind-other = { $when }, escrevemos { $who_dat } { $how } sobre o fim.
ends-section-steps = O que acontece no fim
ends-step-grace = { $when }, um aviso no aplicativo diz { $who_dat } que ele terminou. Tudo continua funcionando como antes.
ends-rely-slack = Depois do horário informado esperamos mais { $span }, para que uma renovação de última hora chegue primeiro.
ends-rely-back = Assim que há renovação, tudo se abre de novo na hora, a qualquer hora e em qualquer dia.
ends-rely-saved = Cada mensagem diz até quando se guarda o que você salvou.
ends-agree-ask = Se você precisa de mais tempo para decidir, fale conosco: uma pessoa pode dá-lo a você.
